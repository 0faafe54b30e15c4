export * from './declare.ts';
export { districtModel, type DistrictDocument } from './model.ts';
export { openDistrictPublisher, type DistrictPublisher, type DistrictPublisherOptions } from './publisher.ts';
export { seatedBus } from './seat.ts';
