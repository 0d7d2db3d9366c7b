export { DetectModule, type DetectOptions } from './detect.module.js';
export { standInProbe } from './stand-in-probe.js';
export { startDetect } from './start-detect.js';
export { installedObserver, observerDirName } from './installed-observer.js';
