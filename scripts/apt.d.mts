interface Machine {
  hasApt: boolean;
  isRoot: boolean;
  hasSudo: boolean;
  isTerminal: boolean;
}
/** What {@link installWithApt} needs to know of this machine. */
export function lookAtMachine(): Machine;
/** Whether the person wants it: only "y" and "yes" do. A closed input is a no. */
export function ask(question: string, input?: NodeJS.ReadableStream, output?: NodeJS.WritableStream): Promise<boolean>;
/**
 * Installs packages. Without root it asks first; where nobody can be asked it gives the commands as text and runs nothing.
 * Resolves to what apt-get said, or what to do by hand; empty where there is nothing to tell.
 */
export function installWithApt(
  names: string[],
  io: {
    machine: Machine;
    run: (command: string, args: string[]) => Promise<{ code: number | null; output: string }>;
    ask: (question: string) => Promise<boolean>;
    say: (line: string) => void;
  },
): Promise<string>;
