"""O Arauto da Lagoa, an invented newspaper of the Azores: a package that adds one to postscraper."""

from datetime import date, time
from zoneinfo import ZoneInfo

from postscraper.languages import Language
from postscraper.newspaper import DateForms, Newspaper

_MONTHS = (
    *("janeiro", "fevereiro", "março", "abril", "maio", "junho"),
    *("julho", "agosto", "setembro", "outubro", "novembro", "dezembro"),
)

PORTUGUESE = Language(
    code="pt",
    by="[Pp]or|Texto de",
    joins=r"\be\b",
    credit=r"Foto(?:grafia)?(?: de|:) (?P<by>.+)|Foto cedida|D\.R",
    credit_opening="Foto",
    no_credit=frozenset({"é", "são", "foi", "segunda-feira"}),
    abbreviation=r"(?:Sra?|Dra?|Eng|Av)\.",
    correction="correcção|correção|nota da redação",
    credit_line="(?:com reportagem|tradução) de .{2,120}",
    not_found="página não encontrada",
    log_in="acesso reservado|iniciar sessão",
    server_error="em manutenção",
)

HERALD = Newspaper(
    name="lagoonherald",
    host="www.lagoonherald.example",
    other_hosts=("arautodalagoa.example",),
    layouts=("lagoonherald.tabloide_2004", "lagoonherald.maresia_2019"),
    languages=(PORTUGUESE,),
    zone=ZoneInfo("Atlantic/Azores"),
    dates=DateForms(
        day=r"(?:\d{1,2} de [a-zç]+ de \d{4})",
        clock=r"(?:, às \d{1,2}h\d{2})",
        zone=r"(?: \(hora dos Açores\))",
        day_parts=(r"(?P<day>\d+) de (?P<month>[a-zç]+) de (?P<year>\d{4})$",),
        clock_parts=r"(?P<hour>\d+)h(?P<minute>\d+)(?P<half>)",
        months={name: number for number, name in enumerate(_MONTHS, 1)},
    ),
    founded_on=date(1998, 3, 2),
    default_time=time(0),
    house_bylines=frozenset({"redação", "o arauto"}),
    default_alts=frozenset({"Fotografia do Arauto"}),
    sections={"mar": "/mar", "vila": "/vila"},
    seeds=("/",),
    parameters=frozenset({"artigo"}),
    floors={"published_on": 0.9},
)
