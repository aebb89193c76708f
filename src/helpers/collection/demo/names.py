"""Word lists for made-up people, companies and places. Any likeness to a real one is chance."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


SURNAMES = _words(
    "林 Lin,陈 Chen,王 Wang,李 Li,张 Zhang,刘 Liu,黄 Huang,周 Zhou,吴 Wu,徐 Xu,孙 Sun,胡 Hu,朱 Zhu,高 Gao,何 He,郭 Guo,马 Ma,罗 Luo,梁 Liang,"
    "宋 Song,郑 Zheng,谢 Xie,韩 Han,唐 Tang,冯 Feng,于 Yu,董 Dong,萧 Xiao,程 Cheng,曹 Cao,袁 Yuan,邓 Deng,许 Xu,傅 Fu,沈 Shen,曾 Zeng,彭 Peng,吕 Lü"
)
GIVEN = _words(
    "薇 Wei,子涵 Zihan,晓明 Xiaoming,佳怡 Jiayi,宇航 Yuhang,思远 Siyuan,雨桐 Yutong,浩然 Haoran,梓萱 Zixuan,建国 Jianguo,丽华 Lihua,志强 Zhiqiang,"
    "雪梅 Xuemei,一诺 Yinuo,俊杰 Junjie,欣怡 Xinyi,文博 Wenbo,静怡 Jingyi,天佑 Tianyou,海燕 Haiyan,晨曦 Chenxi,嘉豪 Jiahao,美玲 Meiling,永康 Yongkang,"
    "若曦 Ruoxi,明轩 Mingxuan,春兰 Chunlan,国栋 Guodong,诗涵 Shihan,家明 Jiaming,艳红 Yanhong,立新 Lixin,婉清 Wanqing,奕辰 Yichen,秀英 Xiuying,"
    "振华 Zhenhua,梦洁 Mengjie,泽宇 Zeyu,玉兰 Yulan,凯文 Kaiwen,安琪 Anqi,书瑶 Shuyao,锦程 Jincheng,乐天 Letian,慧敏 Huimin,晓东 Xiaodong,岚 Lan,"
    "清扬 Qingyang,墨 Mo,依依 Yiyi"
)
FIRST = _words(
    "Anna,Ben,Carla,David,Emma,Frank,Grace,Henry,Iris,Jack,Karen,Leo,Maya,Noah,Olive,Paul,Quinn,Rosa,Sam,Tess,Uma,Victor,Wendy,Yara,Zoe,Alan,Betty,Chris,"
    "Diana,Eric"
)
LAST = _words(
    "Clarke,Wong,Bennett,Lau,Foster,Chan,Hughes,Cheung,Ellis,Yip,Murray,Leung,Porter,Tsang,Reid,Kwok,Shaw,Tam,Walsh,Ng,Barker,Ho,Dixon,Lam,Frost,Mak,Hale,"
    "Fong,Kerr,Poon"
)
# region, share, cities as "English Chinese"
PLACES = (
    ("South China", 0.34, ("Shenzhen 深圳", "Guangzhou 广州", "Dongguan 东莞", "Foshan 佛山")),
    ("East China", 0.26, ("Shanghai 上海", "Hangzhou 杭州", "Suzhou 苏州", "Nanjing 南京")),
    ("North China", 0.14, ("Beijing 北京", "Tianjin 天津")),
    ("West China", 0.11, ("Chengdu 成都", "Chongqing 重庆")),
    ("Hong Kong", 0.11, ("Hong Kong 香港",)),
    ("Abroad", 0.04, ("London 伦敦", "Manchester 曼彻斯特")),
)
REGION_SPELLINGS = {
    "South China": ("South China", "South China", "华南"),
    "East China": ("East China", "East China", "华东"),
    "North China": ("North China", "North China", "华北"),
    "West China": ("West China", "West China", "西部"),
    "Hong Kong": ("Hong Kong", "Hong Kong", "HK", "香港"),
    "Abroad": ("Abroad", "Overseas"),
}
BRANDS_ZH = _words(
    "云杉,山谷,渔火,青石,半日,听雨,拾光,南风,麦田,木棉,白鹭,晨雾,远山,归林,小满,星野,蓝岸,松间,朝露,竹里,梧桐,海盐,雁归,银杏,橘井,乌篷,沉香,云栖,春华,"
    "鹿鸣,贝壳,石桥,岭南,观澜,闻涛,落日,枕水,风车,灯塔,苔痕"
)
BRANDS_EN = _words(
    "Copper Kettle,Silver Birch,Quiet Corner,Paper Crane,Morning Tide,Red Lantern,Stone Bridge,Blue River,Golden Thread,Old Ferry,Little Harbour,Willow Yard,"
    "Second Bell,Night Heron,Green Door,Salt Wind,Round Table,North Gate,Tin Roof,Pearl Street,Wild Fig,Long Table,Cedar House,Seven Steps,Bright Spoon,"
    "Hidden Garden,Iron Gate,Moon Alley,Plum Tree,White Sail"
)
# industry: (share, Chinese word, English word)
INDUSTRIES = {
    "cafe": (0.46, "咖啡", "Café"),
    "restaurant": (0.16, "餐饮", "Kitchen"),
    "hotel": (0.14, "酒店", "Hotel"),
    "office": (0.16, "科技", "Design"),
    "bakery": (0.08, "烘焙", "Bakery"),
}
SUFFIX_EN = ("Co., Ltd.", "Limited", "Ltd", "Co. Ltd")
# shops of one chain: different customers that look alike
CHAINS = (
    ("Harbour Lights Café", ("Nanshan", "Futian", "Luohu"), "Shenzhen 深圳", "South China"),
    ("Old Lane Coffee", ("Tianhe", "Yuexiu"), "Guangzhou 广州", "South China"),
    ("浮舟咖啡", ("徐汇店", "静安店", "浦东店"), "Shanghai 上海", "East China"),
    ("三月咖啡馆", ("西湖店", "滨江店"), "Hangzhou 杭州", "East China"),
    ("Peak Roast", ("Central", "Mong Kok"), "Hong Kong 香港", "Hong Kong"),
)
OWNERS = ("S01", "S02", "S03", "S04", "S05", "S06", "S07", "S08")
SOURCES = ("search", "friend", "fair", "social media", "walk-in")


def latin(name: str) -> str:
    """Return the part of a name that can stand in an e-mail address.

    Examples
    --------
    >>> latin("Lü Zihan")
    'lu.zihan'
    """
    return name.lower().replace("ü", "u").replace("é", "e").replace(" ", ".")
