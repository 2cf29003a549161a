"""When persons were entered in the registry, and when something of them was: by quarter."""

import pandas as pd

from msanalysis.cohorts.selection import PATIENTS, cohort, collected, not_registered
from msanalysis.core import Cohort
from msanalysis.extract import Extract

_PATIENTS = ("patient_id", "diagnosis_code", "included_date", "diagnosis_date")


def registrations(extract: Extract, *, first_year: int) -> Cohort:
    """Return everyone in the registry by the quarters in which they were included and updated.

    Parameters
    ----------
    first_year
        First year of the quarters; the last quarter ends on the status date.

    Returns
    -------
    Cohort
        `included_quarter` (`2024-Q4`), missing before `first_year`; one column a quarter
        (`visit_registered 2024-Q4`): yes for whom a visit was registered in it, on whatever day
        they had come.
    """
    last = pd.Period(extract.provenance.status_date, freq="Q")
    quarters = pd.period_range(f"{first_year}Q1", last, freq="Q")
    persons = collected(extract.table("patients").select(*_PATIENTS))
    visits = collected(extract.table("visits").select("patient_id", "registered_date"))
    quarter = visits["registered_date"].dt.to_period("Q")
    seen = {
        f"visit_registered {_name(each)}": persons["patient_id"]
        .isin(visits["patient_id"][quarter == each])
        .map({True: "yes", False: "no"})
        for each in quarters
    }
    included = persons["included_date"].dt.to_period("Q")
    names = {each: _name(each) for each in quarters}
    persons = persons.assign(
        included_quarter=pd.Categorical(included.map(names), categories=[*names.values()]), **seen
    )
    columns = {"included_quarter": "patients.included_date"}
    columns |= dict.fromkeys(seen, "visits.registered_date")
    steps = not_registered(persons, extract)
    return cohort("registrations", persons, steps, columns, extract, base=PATIENTS)


def _name(quarter: pd.Period) -> str:
    return f"{quarter.year}-Q{quarter.quarter}"
