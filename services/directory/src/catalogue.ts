import { defineCatalogue } from '@sanwang/kernel';
import { calendarEvents } from './calendar/events.ts';
import { clockEvents } from './clock/events.ts';
import { deploymentEvents } from './deployment/events.ts';
import { officerEvents } from './officer/events.ts';
import { reorganisationEvents } from './reorganisation/events.ts';
import { subjectEvents } from './subject/events.ts';
import { unitEvents } from './unit/events.ts';

/** Every event type of the directory. All are public: each service keeps its own copy of the directory. */
export const catalogue = defineCatalogue(
  'directory',
  deploymentEvents,
  clockEvents,
  unitEvents,
  reorganisationEvents,
  officerEvents,
  calendarEvents,
  subjectEvents,
);
