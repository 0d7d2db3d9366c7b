export { ModelRuntime, type LoadedModel } from './model-runtime.js';
