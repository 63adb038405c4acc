"""Jobs on a real Dask cluster: one scheduler and two workers, as processes of this machine."""

import datetime
import ipaddress
import os
import signal
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from atrisys.jobs.place import examine_workers
from atrisys.jobs.runner import Runner
from atrisys.store import queue
from atrisys.store.session import Store
from jobs.dask_cluster import DaskCluster
from rooms import ROOMS

pytestmark = pytest.mark.long


@pytest.fixture
def bench(bench):
    """With more patience: a worker takes its time to start."""
    bench.patience_s = 150
    return bench


@pytest.fixture
def cluster(kept, tmp_path) -> Iterator[DaskCluster]:
    cluster = DaskCluster(tmp_path / "cluster", kept.settings)
    yield cluster
    cluster.stop()


@pytest.fixture
def two_workers(cluster) -> DaskCluster:
    cluster.start_scheduler()
    for _ in range(2):
        cluster.start_worker()
    return cluster


@pytest.fixture
def run(kept, cluster) -> Iterator[Callable[..., Runner]]:
    """Runners that give their jobs to the cluster."""
    runners = []

    def run(**settings: str) -> Runner:
        settings = {"dask_scheduler": cluster.address, **settings}
        runners.append(Runner(Store(kept.settings.model_copy(update=settings)), ROOMS).start())
        return runners[-1]

    yield run
    for runner in runners:
        runner.stop()


def parent_of(pid: int) -> int:
    return psutil.Process(pid).ppid()


def gone(pid: int) -> bool:
    end = time.monotonic() + 15
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def napping(job) -> bool:
    return job.message == "napping"


def test_two_workers_do_the_jobs_and_leave_what_they_made_where_the_server_finds_it(bench, two_workers, run, kept):
    run()
    ids = [bench.submit("nap", seconds=8) for _ in range(2)]
    for id in ids:
        bench.wait(id, napping)
    assert {parent_of(bench.pid(id)) for id in ids} == {worker.pid for worker in two_workers.workers}
    for id in ids:
        job = bench.wait(id)
        assert (job.state, job.progress, job.tries) == ("done", 1.0, 1)
        assert job.log.endswith("a line\n")
        assert (kept.folder.result_folder(id) / job.result["file"]).read_text() == "by alice"
    said = two_workers.said()
    assert kept.folder.secret().hex() not in said
    assert not kept.settings.database_url or kept.settings.database_url not in said


def test_what_runs_and_what_waits_there_is_cancelled(bench, two_workers, run):
    run(jobs_at_once=4)
    willing, deaf = bench.submit("nap", seconds=90), bench.submit("deaf")
    for id in (willing, deaf):
        bench.wait(id, lambda _job, id=id: bench.witnessed(f"begun {id} "))
    waiting = bench.submit("work")
    bench.wait(waiting, lambda job: job.state == "running")
    for id in (willing, deaf, waiting):
        bench.cancel(id)
    for id in (willing, deaf, waiting):
        job = bench.wait(id)
        assert (job.state, job.message) == ("cancelled", "The job was cancelled.")
    assert gone(bench.pid(willing))
    assert gone(bench.pid(deaf))
    assert bench.wait(bench.submit("work")).state == "done"
    assert bench.witnessed(f"begun {waiting} ") == []
    assert len(bench.witnessed("given up")) == 3


def test_what_fails_there_is_told_and_the_worker_goes_on(bench, two_workers, run):
    run()
    refused, broken, died = (bench.submit(do) for do in ("refuse", "break", "die"))
    assert bench.wait(refused).message == "This cannot be done."
    assert str(broken) in bench.wait(broken).message
    assert "SIGKILL" in bench.wait(died).message
    assert {bench.job(id).state for id in (refused, broken, died)} == {"failed"}
    assert len(bench.witnessed("given up")) == 3
    assert all(worker.poll() is None for worker in two_workers.workers)
    assert bench.wait(bench.submit("work")).state == "done"


def test_a_job_whose_worker_is_lost_is_done_by_another(bench, two_workers, run):
    run()
    id = bench.submit("nap", seconds=6)
    bench.wait(id, napping)
    first = bench.pid(id)
    os.kill(parent_of(first), signal.SIGKILL)
    assert gone(first), "the child outlived its worker"
    job = bench.wait(id)
    assert (job.state, job.tries) == ("done", 2)
    assert len(bench.witnessed("done")) == 1


def test_a_job_goes_on_while_the_server_is_restarted(bench, two_workers, run):
    server = run()
    id = bench.submit("nap", seconds=10)
    bench.wait(id, napping)
    server.stop()
    assert bench.job(id).state == "running"
    run()
    job = bench.wait(id)
    assert (job.state, job.tries) == ("done", 1)
    assert len(bench.witnessed(f"begun {id} ")) == 1


def test_jobs_wait_for_a_scheduler_that_is_away(bench, cluster, run, monkeypatch):
    monkeypatch.setattr("atrisys.jobs.cluster.TRY_AGAIN_S", 1.0)
    run()
    id = bench.submit("work")
    time.sleep(3)
    assert bench.job(id).state == "waiting"
    cluster.start_scheduler()
    cluster.start_worker()
    assert bench.wait(id).state == "done"


def test_what_a_scheduler_forgot_is_given_to_the_next(bench, cluster, run, monkeypatch):
    monkeypatch.setattr("atrisys.jobs.cluster.TRY_AGAIN_S", 1.0)
    cluster.start_scheduler()
    run()
    id = bench.submit("work")
    bench.wait(id, lambda job: job.state == "running")
    cluster.stop_scheduler()
    bench.wait(id, lambda job: job.state == "waiting")
    cluster.start_scheduler()
    cluster.start_worker()
    assert bench.wait(id).state == "done"


def test_a_worker_that_looks_elsewhere_does_nothing_and_says_why(bench, cluster, run, tmp_path):
    cluster.start_scheduler()
    cluster.start_worker(ATRISYS_DATA=str(tmp_path / "elsewhere"))
    run()
    job = bench.wait(bench.submit("work"))
    assert job.state == "failed"
    assert "ATRISYS_DATA must name the same shared folder" in job.message
    assert bench.witnessed("begun") == []
    assert not (tmp_path / "elsewhere").exists()


def test_the_doctor_says_which_worker_looks_elsewhere(kept, starter, two_workers, tmp_path, run):
    settings = kept.settings.model_copy(update={"dask_scheduler": two_workers.address})
    store = Store(settings)
    end = time.monotonic() + 100
    while len(found := examine_workers(store, (starter.id, starter.created))) < 2:
        assert time.monotonic() < end
        time.sleep(1)
    assert set(found.values()) == {""}
    [said] = set(examine_workers(store, (starter.id, 1)).values())
    assert "ATRISYS_DATABASE_URL must name the same" in said
    two_workers.start_worker(ATRISYS_DATA=str(tmp_path / "elsewhere"))
    while len(found) < 3:
        assert time.monotonic() < end
        found = examine_workers(store, (starter.id, starter.created))
    [wrong] = [said for said in found.values() if said]
    assert "is not the server's own" in wrong
    store.close()


@pytest.fixture
def certificate(tmp_path):
    """One that signs itself: it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cluster")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    files = {"cert": tmp_path / "cert.pem", "key": tmp_path / "key.pem"}
    files["cert"].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files["key"].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return {"ca-file": str(files["cert"]), "cert": str(files["cert"]), "key": str(files["key"])}


def test_a_cluster_behind_tls_takes_who_shows_a_certificate(bench, kept, certificate, tmp_path, caplog):
    cluster = DaskCluster(tmp_path / "cluster", kept.settings, certificate)
    tls = {"dask_ca_file": "ca-file", "dask_cert_file": "cert", "dask_key_file": "key"}
    shown = {"dask_scheduler": cluster.address, **{name: certificate[file] for name, file in tls.items()}}
    try:
        cluster.start_scheduler()
        cluster.start_worker()
        id = bench.submit("work")
        stranger = Runner(Store(kept.settings.model_copy(update={"dask_scheduler": cluster.address})), ROOMS).start()
        time.sleep(8)
        stranger.stop()
        assert bench.job(id).state == queue.WAITING
        assert "jobs wait" in caplog.text
        runner = Runner(Store(kept.settings.model_copy(update=shown)), ROOMS).start()
        assert bench.wait(id).state == "done"
        runner.stop()
    finally:
        cluster.stop()
