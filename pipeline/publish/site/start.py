"""The start page: the answer in five sentences, what holds the yield back, what pays, and the ways into the rest."""

from typing import Any

import pandas as pd

from pipeline.language import Text
from pipeline.publish import brief, survey
from pipeline.publish.brief_words import FIRST_STEPS, UNKNOWN
from pipeline.publish.causes import ranked_names
from pipeline.publish.estimates import Prose, linked
from pipeline.publish.names import PACKAGES, UNKNOWNS
from pipeline.publish.site import figures
from pipeline.publish.site.notebooks import as_html
from pipeline.publish.site.numbers import published
from pipeline.publish.survey_words import what_is_in
from pipeline.results import read_table


def sentences() -> tuple[Text, ...]:
    """The answer in five sentences; which cause, package and unknown they name follows from the results."""
    first, second = ranked_names(list(published().values()))[:2]
    summary = read_table("10_scenarios", "summary").set_index("name")
    best = summary["net_income_idr_per_ha"].idxmax()
    package, unknown = PACKAGES[best], UNKNOWNS[most_worth_knowing()]
    present = survey.key_now(published(), "present_yield", "kutai_timur.yield_mature")
    return (
        Text(
            f"A mature hectare of cacao in Kutai Timur gives {{{present}}} of dry beans a year, where "
            "{attainable:value} kg/ha have been reported from the district; the official figures contradict each "
            "other, so the range is wide.",
            f"Satu hektare kakao menghasilkan (TM) di Kutai Timur memberi {{{present}}} biji kering per "
            "tahun, padahal pernah dilaporkan {attainable:value} kg/ha di kabupaten ini; angka resmi saling "
            "bertentangan sehingga selangnya lebar.",
        ),
        Text(
            f"Most likely to hold back most is {first.en} (chance {{first.{first.key}:percent}}), then {second.en} "
            f"({{first.{second.key}:percent}}), but no order is sure: pests take {{cause.pests}}, the price of "
            f"fertilizer {{cause.fertilizer}}, weak knowledge {{cause.knowledge}} and technique {{cause.technique}} a"
            " year, where a number below zero would not hold the yield back.",
            f"Yang paling mungkin menahan hasil adalah {first.id} (peluang {{first.{first.key}:percent}}), lalu "
            f"{second.id} ({{first.{second.key}:percent}}), tetapi urutannya belum pasti: hama mengambil "
            f"{{cause.pests}}, harga pupuk {{cause.fertilizer}}, kurangnya pengetahuan {{cause.knowledge}}, dan "
            f"teknik {{cause.technique}} per tahun; angka di bawah nol berarti tidak menahan hasil.",
        ),
        Text(
            "Cocoa NPK at the ceiling price brings {scenario.fertilizer_ceiling.net_income} and loses money with a "
            "chance of {scenario.fertilizer_ceiling.probability_loss:percent}; the same fertilizer from the market "
            "brings {scenario.fertilizer_market.net_income} and loses with "
            "{scenario.fertilizer_market.probability_loss:percent}.",
            "NPK kakao dengan harga HET memberi tambahan pendapatan {scenario.fertilizer_ceiling.net_income} dengan "
            "peluang rugi {scenario.fertilizer_ceiling.probability_loss:percent}; pupuk yang sama dari pasar memberi"
            " {scenario.fertilizer_market.net_income} dengan peluang rugi "
            "{scenario.fertilizer_market.probability_loss:percent}.",
        ),
        Text(
            f"Of the packages compared, “{package.en}” has the highest median income, {{scenario.{best}.net_income}} "
            f"at a cost of {{scenario.{best}.cost}}, on a hectare with pod borer; it loses money with a chance of "
            f"{{scenario.{best}.probability_loss:percent}}.",
            f"Dari paket yang dibandingkan, “{package.id}” memberi median pendapatan tertinggi, "
            f"{{scenario.{best}.net_income}} dengan biaya {{scenario.{best}.cost}}, di kebun ber-PBK; peluang ruginya"
            f" {{scenario.{best}.probability_loss:percent}}.",
        ),
        Text(
            f"What to find out first is “{unknown.en}”: knowing it would be worth up to "
            f"{{information.{most_worth_knowing()}}}; no trial from Kalimantan is among the "
            f"{{evidence.pooled_studies:value}} studies behind these answers.",
            f"Yang perlu dicari tahu lebih dulu adalah “{unknown.id}”: mengetahuinya bernilai sampai "
            f"{{information.{most_worth_knowing()}}}; dari {{evidence.pooled_studies:value}} penelitian di balik "
            "jawaban ini tidak ada yang dari Kalimantan.",
        ),
    )


def most_worth_knowing() -> str:
    """The unknown whose knowledge is worth most."""
    worth = {key: published()[f"information.{key}"].value for key in UNKNOWNS if f"information.{key}" in published()}
    return max(worth, key=worth.__getitem__)


def sentence(text: Text, language: str) -> str:
    """A sentence as HTML, each number a link to its origin."""
    return as_html(Prose(published().values()).fill(text, language, linked))


def context(language: str) -> dict[str, Any]:
    """What the start page shows in one language."""
    summary: pd.DataFrame = read_table("10_scenarios", "summary")
    return {
        "sentences": [sentence(text, language) for text in sentences()],
        "survey": sentence(what_is_in(read_table("13_survey", "learned")), language),
        "waterfall": figures.block("09_attribution", "waterfall", language),
        "scenarios": [[as_html(cell) for cell in row] for row in brief.scenario_table(summary, language).rows],
        "first_steps": [sentence(text, language) for text in FIRST_STEPS],
        "unknown": [sentence(text, language) for text in UNKNOWN],
    }
