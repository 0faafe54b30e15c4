import { defineService } from '@sanwang/service';
import { beginningLive } from './api/begin-live.ts';
import { calendarApi } from './api/calendars.ts';
import { erasureApi, simulationApi } from './api/deployment.ts';
import { officerApi } from './api/officers.ts';
import { reorganisationApi } from './api/reorganisations.ts';
import { unitApi } from './api/units.ts';
import { calendar } from './calendar/decider.ts';
import { catalogue } from './catalogue.ts';
import { clock } from './clock/decider.ts';
import { deployment } from './deployment/decider.ts';
import { calendars } from './models/calendars.ts';
import { officers } from './models/officers.ts';
import { reorganisations } from './models/reorganisations.ts';
import { officer } from './officer/decider.ts';
import { reorganisation } from './reorganisation/decider.ts';
import { subject } from './subject/decider.ts';
import { unit } from './unit/decider.ts';

export { catalogue };

/** The directory 机构人员目录: unit tree and its reorganisations, officers, calendars, the simulated clock, and erasure. */
export const directory = defineService({
  context: 'directory',
  catalogue,
  aggregates: [deployment, clock, unit, reorganisation, officer, calendar, subject],
  models: [reorganisations, officers, calendars],
  api(service) {
    const live = beginningLive(service);
    return [unitApi(live), reorganisationApi(live), officerApi(live), calendarApi(live), simulationApi(service), erasureApi(live)];
  },
});
