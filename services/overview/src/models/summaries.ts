import { factsIn, textOf, textsOf, type Facts } from './facts.ts';

const part = (before: string, value: string | undefined): string => (value === undefined ? '' : `${before}${value}`);
const number = (facts: Facts, field: string): number => (typeof facts[field] === 'number' ? facts[field] : 0);
const items = (facts: Facts): number => (Array.isArray(facts['items']) ? facts['items'].length : 0);

const violations = (facts: Facts): string => {
  const violated = factsIn(facts, 'violated');
  const found = ['critical', 'serious', 'minor'].filter((severity) => number(violated, severity) > 0);
  return found.length === 0
    ? 'nothing violated'
    : `violated: ${found.map((severity) => `${number(violated, severity)} ${severity}`).join(', ')}`;
};

/**
 * One line for people about each event of a business's file, by `<context>.<Type>`. It is made of words and numbers only: free
 * text that officers wrote, and whatever concerns a natural person, stays out.
 */
export const summaries: Readonly<Record<string, (facts: Facts) => string>> = {
  'registration.BusinessRegistered': (facts) =>
    `Registered 登记${part(': ', textOf(facts, 'businessType'))}${part(', grade ', textOf(facts, 'riskGrade'))}`,
  'registration.BusinessCorrected': (facts) => `Entry corrected 变更: ${textsOf(facts, 'changed').join(', ')}`,
  'registration.BusinessMoved': (facts) => `Moved 迁址: area ${textOf(facts, 'previousArea') ?? '?'} to ${textOf(facts, 'area') ?? '?'}`,
  'registration.RiskGradeChanged': (facts) =>
    `Risk grade 风险等级: ${textOf(facts, 'previous') ?? 'none'} to ${textOf(facts, 'riskGrade') ?? '?'}`,
  'registration.BusinessClosed': (facts) => `Closed 注销${part(' on ', textOf(facts, 'closedOn'))}${part(': ', textOf(facts, 'reason'))}`,
  'registration.BusinessVoided': (facts) => `Record voided 作废${part(', replaced by ', textOf(facts, 'replacedBy'))}`,

  'patrol.TaskPooled': (facts) =>
    `Task pooled 任务入池${part(': ', textOf(facts, 'type'))}${part(', ', textOf(facts, 'channel'))}${part(', due ', textOf(facts, 'dueOn'))}`,
  'patrol.TaskDispatched': (facts) => `Task dispatched 分拨${part(' to ', textOf(facts, 'unit'))}`,
  'patrol.TaskAssigned': (facts) => `Task assigned 派单 to ${textsOf(facts, 'officers').join(', ')}`,
  'patrol.TaskReassigned': (facts) => `Task reassigned 改派 to ${textsOf(facts, 'officers').join(', ')}`,
  'patrol.TaskAccepted': (facts) => `Task accepted 接单${part(' by ', textOf(facts, 'officer'))}`,
  'patrol.TaskPushedBack': (facts) => `Task pushed back 退回${part(' to the ', textOf(facts, 'to'))}`,
  'patrol.TaskCompleted': (facts) => `Task completed 办结${part(': ', textOf(facts, 'result'))}`,
  'patrol.TaskCancelled': () => 'Task cancelled 撤销',

  'patrol.VisitStarted': (facts) => `Visit started 到场${part(': ', textOf(facts, 'type'))}${part(', unit ', textOf(facts, 'unit'))}`,
  'patrol.VisitCompleted': (facts) => `Visit completed 检查完成: ${textOf(facts, 'result') ?? '?'}; ${violations(facts)}`,
  'patrol.ClueFound': (facts) => `Clue found 线索: ${items(facts)} items`,
  'patrol.SamplingSuggested': (facts) => `Sampling suggested 建议抽检: ${items(facts)} items`,
  'patrol.CaseSuggested': (facts) => `Case suggested 建议立案: ${items(facts)} items`,

  'patrol.RectificationOrdered': (facts) =>
    `Rectification ordered 责令改正: ${items(facts)} items${part(', due ', textOf(factsIn(facts, 'limit'), 'dueOn'))}`,
  'patrol.CorrectedOnTheSpot': (facts) => `Corrected on the spot 当场改正: ${items(facts)} items`,
  'patrol.CorrectionReported': (facts) => `Correction reported 整改报告${facts['late'] === true ? ', late' : ''}`,
  'patrol.RectificationOverdue': (facts) => `Rectification overdue 逾期未改正${part(', was due ', textOf(facts, 'dueOn'))}`,
  'patrol.RectificationRechecked': (facts) =>
    `Rechecked 复查: ${textOf(facts, 'result') ?? '?'}${part(', new limit ', textOf(factsIn(facts, 'newLimit'), 'dueOn'))}`,
  'patrol.RectificationCancelled': () => 'Rectification order withdrawn 撤销责令改正',
};
