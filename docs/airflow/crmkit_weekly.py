"""Airflow: crmkit every Monday, a batch task for the runs and a papermill task for one lesson of the newest day.

Copy this file into Airflow's folder of DAGs. Needs apache-airflow and apache-airflow-providers-papermill beside crmkit, and two
Airflow variables: crmkit_home (the checkout) and crmkit_profile (a profile's name). docs/every_monday.md tells what each task does.
"""

from __future__ import annotations

import datetime as dt

from airflow.providers.papermill.operators.papermill import PapermillOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

HOME = "{{ var.value.crmkit_home }}"
PROFILE = "{{ var.value.crmkit_profile }}"
DAY = "{{ data_interval_end | ds if data_interval_end else ds }}"  # the as-of date: nothing later is read, so a late or repeated task gives the same numbers
OUT = HOME + "/outputs/weekly/" + DAY
EXECUTED = HOME + "/outputs/weekly_notebooks/" + DAY  # beside the run folder, which takes no files of others; papermill makes no folders

with DAG(
    dag_id="crmkit_weekly",
    schedule="0 6 * * 1",
    start_date=dt.datetime(2025, 1, 6, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": dt.timedelta(minutes=10)},
    tags=["crm"],
) as dag:
    # a retried task goes on where it stopped: finished runs are skipped
    batch = BashOperator(
        task_id="batch",
        cwd=HOME,
        bash_command="python3 kit.py batch data/batches/weekly.yml --until " + DAY + " --keep-going",
        execution_timeout=dt.timedelta(hours=3),
    )
    folder = BashOperator(task_id="folder", bash_command='mkdir -p "' + EXECUTED + '"')
    tiers = PapermillOperator(
        task_id="tiers",
        input_nb=HOME + "/notebooks/03_rfm_tiering.ipynb",
        output_nb=EXECUTED + "/03_rfm_tiering.ipynb",
        parameters={"profile": PROFILE, "as_of": DAY, "settings": {}, "out": OUT},
        kernel_name="python3",
    )
    # the runs of this batch, by its index: older folders were made from older exports
    verify = BashOperator(
        task_id="verify",
        cwd=HOME,
        bash_command="python3 kit.py verify outputs/batches/weekly",
        execution_timeout=dt.timedelta(hours=3),
    )
    batch >> [folder, verify]
    folder >> tiers
