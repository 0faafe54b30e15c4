import { wallClock, type Clock, type Instant } from '@sanwang/kernel';
import type { Document, ModelReader } from '@sanwang/read-model';
import type { CalendarDocument, DeploymentDocument, OfficerDocument, ReorganisationDocument, UnitDocument } from './directory-models.ts';
import type { CalendarYear, Directory, Officer, Unit, UnitKind } from './port.ts';
import { unitsInForce, type UnitsInForce } from './unit-versions.ts';

/** A document of a directory model as it now stands; `undefined`: removed. */
export interface DirectoryChange {
  readonly id: string;
  readonly doc: Document | undefined;
}

/** The directory in memory. Loaded from the durable copy at start, then kept in step by what the projection has written. */
export interface DirectoryView extends Directory {
  /** Takes the place of everything known so far: at start, and after a model was rebuilt. */
  load(readers: Iterable<Pick<ModelReader, 'definition' | 'all'>>): Promise<void>;
  /** The projection's hook: called with what it has just written, by the model's name. Other models' names are passed over. */
  apply(modelName: string, changes: readonly DirectoryChange[]): void;
  /** Calls the listener with the platform's new time whenever it jumps: a deployment begun, a simulated clock moved. */
  onClock(listener: (now: Instant) => void): () => void;
}

/** At one area prefix the authority's most local unit is responsible; those who only patrol for it come last. */
const responsibility: readonly UnitKind[] = ['office', 'district', 'city', 'department', 'street', 'community', 'contractor'];
const moreResponsible = (left: Unit, right: Unit): boolean => {
  const byKind = responsibility.indexOf(left.kind) - responsibility.indexOf(right.kind);
  return byKind === 0 ? left.code < right.code : byKind < 0;
};

const addTo = (index: Map<string, string[]>, key: string, value: string): void => {
  const values = index.get(key);
  if (values) values.push(value);
  else index.set(key, [value]);
};

/** What follows from the units in force alone. Made anew after a change, and when another version has come into force. */
const indexUnits = ({ units, successors, until }: UnitsInForce) => {
  const former = new Map<string, string[]>();
  for (const [ended, successor] of successors) addTo(former, successor, ended);
  const children = new Map<string, string[]>();
  const byPrefix = new Map<string, Unit>();
  let city: Unit | undefined;
  let longest = 0;
  for (const unit of units.values()) {
    if (unit.parent !== undefined) addTo(children, unit.parent, unit.code);
    if (unit.kind === 'city' && (city === undefined || unit.code < city.code)) city = unit;
    for (const prefix of unit.areas) {
      const present = byPrefix.get(prefix);
      if (!present || moreResponsible(unit, present)) byPrefix.set(prefix, unit);
      longest = Math.max(longest, prefix.length);
    }
  }
  return { units, successors, until, former, children, byPrefix, longest, city, subtrees: new Map<string, readonly string[]>() };
};

const indexOfficers = (officers: ReadonlyMap<string, Officer>): ReadonlyMap<string, readonly Officer[]> => {
  const byUnit = new Map<string, Officer[]>();
  for (const officer of [...officers.values()].sort((left, right) => (left.id < right.id ? -1 : 1))) {
    const present = byUnit.get(officer.unit);
    if (present) present.push(officer);
    else byUnit.set(officer.unit, [officer]);
  }
  return byUnit;
};

/** An older revision never takes the place of a newer one, in whatever order a load and the projection come. */
const put = <Value extends { readonly revision: number }>(map: Map<string, Value>, changes: readonly DirectoryChange[]): void => {
  for (const { id, doc } of changes) {
    const next = doc as Value | undefined;
    const present = map.get(id);
    if (next === undefined) map.delete(id);
    else if (!present || present.revision <= next.revision) map.set(id, next);
  }
};

const none: readonly never[] = [];
const noYears: ReadonlyMap<number, CalendarYear> = new Map();

/** Makes an empty view. `wall` is the clock of a live deployment, and of one that has not begun. */
export const createDirectoryView = (wall: Clock = wallClock): DirectoryView => {
  const units = new Map<string, UnitDocument>();
  const reorganisations = new Map<string, ReorganisationDocument>();
  const officers = new Map<string, OfficerDocument>();
  const calendarDocuments = new Map<string, CalendarDocument>();
  const deployments = new Map<string, DeploymentDocument>();
  const listeners = new Set<(now: Instant) => void>();
  let unitIndex: ReturnType<typeof indexUnits> | undefined;
  let officerIndex: ReturnType<typeof indexOfficers> | undefined;
  let calendars: Map<string, Map<number, CalendarYear>> | undefined;
  let deployment: { readonly mode: 'live' | 'simulation'; readonly clock?: Instant } | undefined;

  const clock: Clock = { now: () => deployment?.clock ?? wall.now() };

  const settleDeployment = (): void => {
    const mode = deployments.get('main')?.mode;
    const before = deployment;
    if (mode === 'simulation') {
      let latest: Instant = '';
      for (const document of deployments.values()) if (document.clock !== undefined && document.clock > latest) latest = document.clock;
      deployment = { mode, clock: latest };
    } else {
      deployment = mode && { mode };
    }
    if (deployment?.mode === before?.mode && deployment?.clock === before?.clock) return;
    for (const listener of listeners) listener(clock.now());
  };

  const takers: Readonly<Record<string, (changes: readonly DirectoryChange[]) => void>> = {
    'directory-units': (changes) => {
      put(units, changes);
      unitIndex = undefined;
    },
    'directory-reorganisations': (changes) => {
      put(reorganisations, changes);
      unitIndex = undefined;
    },
    'directory-officers': (changes) => {
      put(officers, changes);
      officerIndex = undefined;
    },
    'directory-calendars': (changes) => {
      put(calendarDocuments, changes);
      calendars = undefined;
    },
    'directory-deployment': (changes) => {
      put(deployments, changes);
      settleDeployment();
      unitIndex = undefined;
    },
  };
  /** What the projection writes while a load is reading. */
  let waiting: { readonly modelName: string; readonly changes: readonly DirectoryChange[] }[] | undefined;
  const maps: Readonly<Record<string, Map<string, unknown>>> = {
    'directory-units': units,
    'directory-reorganisations': reorganisations,
    'directory-officers': officers,
    'directory-calendars': calendarDocuments,
    'directory-deployment': deployments,
  };

  const unitsNow = (): ReturnType<typeof indexUnits> => {
    const now = clock.now();
    if (unitIndex?.until !== undefined && unitIndex.until <= now) unitIndex = undefined;
    return (unitIndex ??= indexUnits(unitsInForce(units.values(), reorganisations.values(), now)));
  };
  /** A unit that has ended stands for the one that does its work now. */
  const atWork = (code: string): string => {
    const { successors } = unitsNow();
    const seen = new Set<string>();
    let present = code;
    for (let next = successors.get(present); next !== undefined && !seen.has(next); next = successors.get(present)) {
      seen.add(next);
      present = next;
    }
    return present;
  };
  const calendarsNow = (): Map<string, Map<number, CalendarYear>> => {
    if (calendars) return calendars;
    calendars = new Map();
    for (const year of calendarDocuments.values()) {
      const years = calendars.get(year.calendar) ?? new Map<number, CalendarYear>();
      calendars.set(year.calendar, years.set(year.year, year));
    }
    return calendars;
  };

  return {
    clock,
    async load(readers) {
      waiting = [];
      try {
        for (const reader of readers) {
          const name = reader.definition.name;
          const changes: DirectoryChange[] = [];
          for await (const { id, doc } of reader.all()) changes.push({ id, doc });
          maps[name]?.clear();
          takers[name]?.(changes);
        }
      } finally {
        for (const { modelName, changes } of waiting) takers[modelName]?.(changes);
        waiting = undefined;
      }
    },
    apply(modelName, changes) {
      if (waiting) waiting.push({ modelName, changes });
      else takers[modelName]?.(changes);
    },
    onClock(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    unit: (code) => unitsNow().units.get(code),
    units: () => [...unitsNow().units.values()],
    unitRevision: (code) => units.get(code)?.revision,
    unitsAt: (at) => unitsInForce(units.values(), reorganisations.values(), at),
    officer: (id) => officers.get(id),
    officersOf: (unit) => (officerIndex ??= indexOfficers(officers)).get(unit) ?? none,
    subtree(code) {
      const index = unitsNow();
      const known = index.subtrees.get(code);
      if (known) return known;
      const present = atWork(code);
      if (!index.units.has(present)) return none;
      const found = new Set([present]);
      for (const member of found) {
        for (const child of index.children.get(member) ?? none) found.add(child);
        for (const ended of index.former.get(member) ?? none) found.add(ended);
      }
      const subtree = [...found];
      index.subtrees.set(code, subtree);
      return subtree;
    },
    workOf(code) {
      const { former } = unitsNow();
      const found = new Set([code]);
      for (const member of found) for (const ended of former.get(member) ?? none) found.add(ended);
      return [...found];
    },
    cityUnit: () => unitsNow().city,
    unitForArea(area) {
      const { byPrefix, longest } = unitsNow();
      for (let length = Math.min(area.length, longest); length > 0; length--) {
        const unit = byPrefix.get(area.slice(0, length));
        if (unit) return unit;
      }
      return undefined;
    },
    calendarYears: (calendar) => calendarsNow().get(calendar) ?? noYears,
    deployment: () => deployment,
  };
};
