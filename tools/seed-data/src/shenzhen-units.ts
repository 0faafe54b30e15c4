import type { UnitRow } from './rows.ts';

const validFrom = '2024-01-01';

interface DistrictFacts {
  readonly slug: string;
  readonly name: string;
  /** GB/T 2260 code of the district; absent where a bureau's streets carry the codes of another district. */
  readonly code?: string;
  /** `<last digits after the prefix> <name> <slug>` of each street 街道 or town 镇; one supervision office 监管所 each. */
  readonly prefix: string;
  readonly streets: string;
}

/**
 * The eleven district bureaus 辖区局. A bureau with a code of its own is responsible for the whole code, so bonded and port zones
 * (…4xx) belong to it without an office. 龙岗 and 大鹏 share 440307, and 深汕 lies under another city's 441521: those three are
 * responsible for their listed streets and towns only.
 */
const districts: readonly DistrictFacts[] = [
  {
    slug: 'luohu',
    name: '罗湖',
    code: '440303',
    prefix: '440303',
    streets:
      '001 桂园 guiyuan,002 黄贝 huangbei,003 东门 dongmen,004 翠竹 cuizhu,005 南湖 nanhu,006 笋岗 sungang,007 东湖 donghu,008 莲塘 liantang,009 东晓 dongxiao,010 清水河 qingshuihe',
  },
  {
    slug: 'futian',
    name: '福田',
    code: '440304',
    prefix: '440304',
    streets:
      '001 南园 nanyuan,002 园岭 yuanling,004 福田 futian,005 沙头 shatou,006 香蜜湖 xiangmihu,007 梅林 meilin,008 莲花 lianhua,009 华富 huafu,010 福保 fubao,011 华强北 huaqiangbei',
  },
  {
    slug: 'nanshan',
    name: '南山',
    code: '440305',
    prefix: '440305',
    streets:
      '001 南头 nantou,002 南山 nanshan,003 沙河 shahe,005 蛇口 shekou,006 招商 zhaoshang,007 粤海 yuehai,008 桃源 taoyuan,009 西丽 xili',
  },
  {
    slug: 'baoan',
    name: '宝安',
    code: '440306',
    prefix: '440306',
    streets:
      '017 新安 xinan,018 西乡 xixiang,019 航城 hangcheng,020 福永 fuyong,021 福海 fuhai,022 沙井 shajing,023 新桥 xinqiao,024 松岗 songgang,025 燕罗 yanluo,026 石岩 shiyan',
  },
  {
    slug: 'longgang',
    name: '龙岗',
    prefix: '440307',
    streets:
      '003 平湖 pinghu,006 坪地 pingdi,012 南湾 nanwan,013 坂田 bantian,014 布吉 buji,015 龙城 longcheng,016 龙岗 longgang,017 横岗 henggang,018 吉华 jihua,019 宝龙 baolong,020 园山 yuanshan',
  },
  {
    slug: 'yantian',
    name: '盐田',
    code: '440308',
    prefix: '440308',
    streets: '001 梅沙 meisha,002 盐田 yantian,003 沙头角 shatoujiao,004 海山 haishan',
  },
  {
    slug: 'longhua',
    name: '龙华',
    code: '440309',
    prefix: '440309',
    streets: '001 观湖 guanhu,002 民治 minzhi,003 龙华 longhua,004 大浪 dalang,005 福城 fucheng,006 观澜 guanlan',
  },
  {
    slug: 'pingshan',
    name: '坪山',
    code: '440310',
    prefix: '440310',
    streets: '001 坪山 pingshan,002 马峦 maluan,003 碧岭 biling,004 石井 shijing,005 坑梓 kengzi,006 龙田 longtian',
  },
  {
    slug: 'guangming',
    name: '光明',
    code: '440311',
    prefix: '440311',
    streets: '001 光明 guangming,002 公明 gongming,003 新湖 xinhu,004 凤凰 fenghuang,005 玉塘 yutang,006 马田 matian',
  },
  { slug: 'dapeng', name: '大鹏', prefix: '440307', streets: '009 葵涌 kuichong,010 大鹏 dapeng,011 南澳 nanao' },
  { slug: 'shenshan', name: '深汕', prefix: '441521', streets: '102 小漠 xiaomo,103 鹅埠 ebu,104 赤石 chishi,105 鮜门 houmen' },
];

const unit = (row: Pick<UnitRow, 'code' | 'kind' | 'parent' | 'name' | 'areas'>): UnitRow => ({
  ...row,
  validFrom,
  timeZone: '',
  calendar: '',
});

/** 深圳市市场监督管理局: the city, 11 district bureaus, and 78 supervision offices, one per street or town. */
export const shenzhenUnits = (): readonly UnitRow[] => {
  const bureaus: UnitRow[] = [];
  const offices: UnitRow[] = [];
  for (const district of districts) {
    const code = `sz-${district.slug}`;
    const streets = district.streets.split(',').map((street) => street.split(' ') as [string, string, string]);
    const areas = district.code ?? streets.map(([digits]) => district.prefix + digits).join(';');
    bureaus.push(unit({ code, kind: 'district', parent: 'sz', name: `深圳市市场监督管理局${district.name}监管局`, areas }));
    for (const [digits, name, slug] of streets) {
      const area = district.prefix + digits;
      offices.push(unit({ code: `${code}-${slug}`, kind: 'office', parent: code, name: `${name}监管所`, areas: area }));
    }
  }
  const city = unit({ code: 'sz', kind: 'city', parent: '', name: '深圳市市场监督管理局', areas: ['4403', ...shenshanTowns()].join(';') });
  return [{ ...city, timeZone: 'Asia/Shanghai', calendar: 'cn' }, ...bureaus, ...offices];
};

const shenshanTowns = (): readonly string[] => {
  const { prefix, streets } = districts.at(-1)!;
  return streets.split(',').map((town) => prefix + town.slice(0, 3));
};
