/**
 * The public half of the key that signs the weights of a release, raw and base64url. Whoever trains their own weights replaces it with their
 * own (`countersign lab train --sign`); the private half is in no repository.
 */
export const releaseKeyRaw = 'Ya2TOQK_HxTI8dpCS2mhW0dnVgGUCfq4E2fav8qzHOc';
