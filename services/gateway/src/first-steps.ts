import type { OpenApiDocument } from '@sanwang/rpc';

/** The way of a task, from an empty platform to its closing; `docs/how-to/first-task-by-curl.md` goes it by curl. */
export const FIRST_STEPS: NonNullable<OpenApiDocument['x-first-steps']> = [
  { text: 'Import units, officers and calendars: `npm run sanwang -- import units data/shenzhen/units.csv --as admin`, and so on' },
  { text: 'Take the token of an officer, and paste it above: `npm run sanwang -- token --as sz-futian-dispatcher`' },
  { text: 'Look around: the units', operationId: 'UnitService_ListUnits' },
  { text: 'Register a business 登记 (a registrar)', operationId: 'BusinessService_RegisterBusiness' },
  { text: 'Publish a checklist 检查表 (a directory-admin of the city)', operationId: 'PatrolService_PublishChecklist' },
  { text: 'Pool a task 任务入池 (a dispatcher)', operationId: 'PatrolService_PoolTask' },
  { text: 'Dispatch it 分拨 to the unit of its area', operationId: 'PatrolService_DispatchTask' },
  { text: 'Assign it 派单 to two officers', operationId: 'PatrolService_AssignTask' },
  { text: 'Accept it 接单 (one of them, an inspector)', operationId: 'PatrolService_AcceptTask' },
  { text: 'Start the visit 检查', operationId: 'PatrolService_StartVisit' },
  { text: 'Record the answer to each item', operationId: 'PatrolService_RecordItems' },
  { text: 'Conclude the visit', operationId: 'PatrolService_CompleteVisit' },
  { text: 'Order a rectification 责令改正', operationId: 'PatrolService_IssueRectification' },
  { text: 'Close the task', operationId: 'PatrolService_CompleteTask' },
  { text: 'See the board 看板', operationId: 'OverviewService_GetBoard' },
];
