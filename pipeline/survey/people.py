"""Whose a submission is, by name and phone, as it comes in an export."""

from dataclasses import replace

import pandas as pd

from pipeline.survey import privacy
from pipeline.survey.checks import Problems, typed
from pipeline.survey.flat import KEPT
from pipeline.survey.names import Form

ASKED = ("farmer_name", "farmer_phone", "farm_code", "village", "subdistrict")
WHO = ["farm_id", "name_key", "phone_key"]


def people_of(main: pd.DataFrame, form: Form, salt: bytes) -> pd.DataFrame:
    """Pseudonyms of farm, name and phone of submissions, those that ``privacy.people`` gives."""
    who = replace(form, questions=tuple(question for question in form.questions if question.name in ASKED))
    answers = typed(main.assign(record=main["id"]), who, "", Problems()).reindex(columns=["record", *ASKED])
    nothing_kept = pd.DataFrame("", main.index, list(KEPT), dtype=object)
    return privacy.people(answers.rename(columns={"record": "id"}), nothing_kept, salt)
