/** Set by `npm run faults -- --seed`, or by hand. */
export const SEED_VARIABLE = 'FAULTS_SEED';

const drawn = Math.floor(Math.random() * 2 ** 31);

/** The seed of all that is random in the rows of this process: the one that is set, or one that is drawn once. */
export const faultsSeed = (): number => Number(process.env[SEED_VARIABLE] ?? drawn);
