import type { OfficerRow } from './rows.ts';

const surnames = '王李张刘陈杨黄赵周吴徐孙马朱胡林郭何高罗';
const given = '晓明,雅婷,志强,丽娜,建国,思远,海燕,文博,秀英,俊杰,梦洁,国栋,雨桐,伟东,佳怡,立新,春梅,永康,静怡,浩然'.split(',');

const inspectedOffices = [
  'sz-futian-xiangmihu',
  'sz-futian-huaqiangbei',
  'sz-luohu-dongmen',
  'sz-nanshan-yuehai',
  'sz-baoan-xixiang',
  'sz-longgang-bantian',
  'sz-dapeng-kuichong',
  'sz-shenshan-ebu',
];

/** A small roster to play with. Every person in it is made up; the telephone numbers lie in no assigned range. */
export const shenzhenOfficers = (): readonly OfficerRow[] => {
  const posts: readonly (readonly [id: string, unit: string, duties: string])[] = [
    ['sz-operator', 'sz', 'operator'],
    ['sz-directory', 'sz', 'directory-admin'],
    ['sz-auditor', 'sz', 'auditor'],
    ['sz-registrar', 'sz', 'registrar'],
    ['sz-dispatcher', 'sz', 'dispatcher'],
    ['sz-futian-dispatcher', 'sz-futian', 'dispatcher'],
    ['sz-longgang-dispatcher', 'sz-longgang', 'dispatcher'],
    ...inspectedOffices.flatMap((unit) => [
      [`${unit}-1`, unit, 'dispatcher;inspector'] as const,
      [`${unit}-2`, unit, 'inspector'] as const,
      [`${unit}-3`, unit, 'inspector'] as const,
    ]),
  ];
  return posts.map(([id, unit, duties], index): OfficerRow => {
    const certified = duties.includes('inspector');
    return {
      id,
      name: `${surnames[(index * 7) % surnames.length]}${given[(index * 3 + Math.floor(index / 20)) % given.length]}`,
      phone: `100${String(index + 1).padStart(8, '0')}`,
      unit,
      duties,
      certificate: certified ? `MADE-UP-SZ-${String(index + 1).padStart(4, '0')}` : '',
      certificateFrom: certified ? '2024-01-01' : '',
      certificateTo: certified ? '2028-12-31' : '',
    };
  });
};
