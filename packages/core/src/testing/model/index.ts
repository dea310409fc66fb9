export { seededNumbers } from './choices.ts';
export type { ModelHandle, ModelPlace } from './model-place.ts';
export { playStory, type StoryReport } from './play-story.ts';
export { storageModelPlace, type StorageModelPlaceOptions } from './storage-model-place.ts';
export { drawStep, NUMBERS_PER_STEP, type StoryStep } from './story.ts';
