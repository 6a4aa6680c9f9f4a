"""A report on a SLURM cluster: jobs with workers, the report, and no jobs any more.

pip install 'store-uptime[cluster]' dask-jobqueue
python slurm.py report s3://polls/feed/ --exchange s3://scratch/uptime/ --out s3://reports/week/
"""

import subprocess
import sys

from dask_jobqueue import SLURMCluster  # pyrefly: ignore[missing-import]

JOBS, PROCESSES, THREADS = 10, 4, 4  # a job has a node, on which so many workers use so many cores each

if __name__ == "__main__":
    with SLURMCluster(
        queue="compute",
        walltime="01:00:00",
        cores=PROCESSES,  # of which Dask gives each process one thread for tasks
        processes=PROCESSES,
        job_cpu=PROCESSES * THREADS,
        memory="32GiB",
        interface="eth0",  # of the network that nodes and this machine share, and others do not
        worker_extra_args=["--no-dashboard"],
        scheduler_options={"dashboard_address": "127.0.0.1:8787"},
        job_script_prologue=[  # as `store-uptime worker` does
            f"export POLARS_MAX_THREADS={THREADS}",
            "export DASK_DISTRIBUTED__WORKER__MEMORY__TARGET=False",
            "export DASK_DISTRIBUTED__WORKER__MEMORY__SPILL=False",
            "export DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE=False",
        ],
    ) as cluster:
        cluster.scale(jobs=JOBS)
        command = ["store-uptime", *sys.argv[1:], "--cluster", cluster.scheduler_address]
        done = subprocess.run(command, check=False)
    sys.exit(done.returncode)
