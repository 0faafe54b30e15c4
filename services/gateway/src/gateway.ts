import { defineService } from '@sanwang/service';
import { openFrontDoor } from './front-door.ts';

/** The front door: REST and gRPC before every service of the deployment. It has no events and no models of its own. */
export const gateway = defineService({
  context: 'gateway',
  aggregates: [],
  models: [],
  api: () => [],
  serve: openFrontDoor,
});
