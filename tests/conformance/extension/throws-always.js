/* Stands before background.js in one variant: no start succeeds. */
throw new Error('thrown on purpose at the start of the background');
