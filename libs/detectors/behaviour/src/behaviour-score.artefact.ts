/** How much each channel counts, in bits per bit. They only rank; what a score means comes from calibration. Replaced as a whole. */
export const behaviourScore = { version: '1', sequence: 1, arguments: 0.5 } as const;
