export { benchIds, runBench, type BenchId, type BenchOptions } from './bench.ts';
export { clusterSizes, runClusterBench, type ClusterSize, type ServerUrls } from './cluster/index.ts';
export { sizes, type BenchSize } from './context.ts';
export { reportHeader, reportNotes, reportRows, reportSchema, type Figure, type Report } from './report.ts';
