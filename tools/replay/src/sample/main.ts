// Writes data/sample-city/inspections.csv anew.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { sampleFile } from '../city.ts';
import { generateSample } from './generate.ts';

mkdirSync(dirname(sampleFile), { recursive: true });
writeFileSync(sampleFile, generateSample());
console.log('data/sample-city/inspections.csv');
