"""The start page: the answer in five sentences, what holds the yield back, what pays, and the ways into the rest."""

from typing import Any

import pandas as pd

from pipeline.language import Text
from pipeline.publish import brief, economics, survey
from pipeline.publish.brief_words import UNKNOWN, first_steps
from pipeline.publish.causes import order_words
from pipeline.publish.estimates import Prose, linked
from pipeline.publish.names import UNKNOWNS
from pipeline.publish.scope import day_of, month_of
from pipeline.publish.site import figures
from pipeline.publish.site.notebooks import as_html
from pipeline.publish.site.numbers import published
from pipeline.publish.survey_words import what_is_in
from pipeline.results import read_table


def sentences() -> tuple[Text, ...]:
    """The answer in five sentences; which causes, options and unknown they name follows from the results."""
    first, second, *_ = most_worth_knowing()
    unknown, after = UNKNOWNS[first], UNKNOWNS[second]
    leading = economics.choice_words(read_table("10_scenarios", "choice"))
    order = order_words(list(published().values()))
    day, when = day_of(published()["price.cocoa"].basis), month()
    present = survey.key_now(published(), "present_yield", "kutai_timur.yield_mature")
    return (
        Text(
            f"A mature hectare of cacao in Kutai Timur gives {{{present}}} of dry beans a year, where "
            "{attainable:value} kg/ha have been reported from the district; the official figures contradict each "
            "other, so the range is wide.",
            f"Produktivitas kakao TM di Kutai Timur sekitar {{{present}}} biji kering per "
            "tahun, padahal pernah dilaporkan {attainable:value} kg/ha di kabupaten ini; angka resmi saling "
            "bertentangan sehingga kisarannya lebar.",
        ),
        Text(
            f"{order.en}. Per average mature hectare and year, fertilizer not used holds back {{cause.fertilizer}}, "
            f"the "
            "pod borer, as far as sleeves remove it, {cause.pod_borer} (with black pod "
            "{cause.pod_borer_and_black_pod}) and the lack of field schools {cause.knowledge}; technique, "
            "{cause.technique}, is prior knowledge without a direct study. A number below zero would not hold the "
            "yield back. What the price of fertilizer takes stands apart: {fertilizer.price_step.access.yield} when "
            "only the market sells.",
            f"{order.id}. Per hektare TM rata-rata per tahun, pupuk yang tidak dipakai menahan {{cause.fertilizer}}, "
            "PBK, sejauh dihilangkan penyarungan, {cause.pod_borer} (bersama busuk buah "
            "{cause.pod_borer_and_black_pod}), dan belum adanya sekolah lapang {cause.knowledge}; teknik, "
            "{cause.technique}, baru asumsi awal tanpa penelitian langsung. Angka di bawah nol berarti tidak menahan "
            "hasil. Akibat harga pupuk terpisah: {fertilizer.price_step.access.yield} bila pupuk hanya ada di pasar.",
        ),
        Text(
            f"On an average mature hectare and at the prices of {when.en}, the full dose of cocoa NPK brings "
            "{fertilizer.net_income.ceiling} at the subsidised ceiling and loses money with a chance of "
            "{fertilizer.probability_loss.ceiling:percent}; from the market it brings "
            "{fertilizer.net_income.market} and loses with {fertilizer.probability_loss.market:percent}.",
            f"Pada hektare TM rata-rata dan harga {when.id}, dosis penuh NPK kakao memberi tambahan pendapatan "
            "{fertilizer.net_income.ceiling} pada HET dengan peluang rugi "
            "{fertilizer.probability_loss.ceiling:percent}; dari pasar {fertilizer.net_income.market} dengan peluang "
            "rugi {fertilizer.probability_loss.market:percent}.",
        ),
        Text(
            f"With dry beans at {{price.cocoa}} ({day.en}), {leading.en[0].lower()}{leading.en[1:]}.",
            f"Dengan harga biji kering {{price.cocoa}} ({day.id}), {leading.id[0].lower()}{leading.id[1:]}.",
        ),
        Text(
            f"What to find out first is “{unknown.en}”: knowing it would be worth up to {{information.{first}}}; next "
            f"comes “{after.en}”, up to {{information.{second}}}. Of the {{evidence.pooled_studies:value}} studies "
            "that are pooled none is from Kalimantan.",
            f"Yang perlu dicari tahu lebih dulu adalah “{unknown.id}”: mengetahuinya bernilai sampai "
            f"{{information.{first}}}; berikutnya “{after.id}”, sampai {{information.{second}}}. Dari "
            "{evidence.pooled_studies:value} penelitian yang digabung tidak ada yang dari Kalimantan.",
        ),
    )


def month() -> Text:
    """The month of all prices but that of beans."""
    return month_of(published()["fertilizer.net_income.ceiling"].basis)


def most_worth_knowing() -> list[str]:
    """The unknowns, the one first whose knowledge is worth most."""
    worth = {key: published()[f"information.{key}"].value for key in UNKNOWNS if f"information.{key}" in published()}
    return sorted(worth, key=lambda key: -worth[key])


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
        "first_steps": [sentence(text, language) for text in first_steps(month())],
        "unknown": [sentence(text, language) for text in UNKNOWN],
    }
