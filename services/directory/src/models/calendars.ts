import { parseStream } from '@sanwang/kernel';
import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { calendarDay, type CalendarYearData } from '../calendar/events.ts';

const document = z.object({
  id: z.string(),
  calendar: z.string(),
  year: z.int(),
  days: z.array(calendarDay),
  source: z.string(),
  revision: z.int(),
});
export type CalendarDocument = z.infer<typeof document>;

/** The published calendar years. */
export const calendars: ModelDefinition<CalendarDocument> = {
  context: 'directory',
  name: 'calendars',
  version: 1,
  kind: 'stream',
  schema: document,
  on: {
    'directory.CalendarYearPublished': {
      project: (_, event) => ({ id: parseStream(event.stream).id, ...(event.data as CalendarYearData), revision: event.revision }),
    },
  },
  indexes: [
    { name: 'id', fields: ['id'] },
    { name: 'calendar', fields: ['calendar', 'year'] },
    { name: 'year', fields: ['year'] },
  ],
};
