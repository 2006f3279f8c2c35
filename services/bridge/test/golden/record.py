"""Records what the client of Celery writes to Redis: python record.py redis://… > celery-<version>.txt (pip install celery[redis])."""
import datetime
import sys

import redis
from celery import Celery

url = sys.argv[1]
app = Celery("shop", broker=url, backend=url)
server = redis.from_url(url)


@app.task(name="tasks.send_welcome_email")
def send_welcome_email(*args, **kwargs):
    pass


@app.task(name="tasks.other")
def other():
    pass


def record(name, send):
    server.delete("celery")
    send()
    print(f"{name}\t{server.rpop('celery').decode()}")


ada = {"user_id": 123, "email": "ada@shop.example", "name": "Ada Lovelace"}
long_ago = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
task = send_welcome_email
record("object", lambda: task.delay(ada))
record("list", lambda: task.delay(123, "ada@shop.example", "Ada Lovelace"))
record("keywords", lambda: task.delay(**ada))
record("countdown", lambda: task.apply_async((ada,), countdown=3600))
record("expires", lambda: task.apply_async((ada,), expires=60))
record("expired", lambda: task.apply_async((ada,), expires=long_ago))
record("ignore", lambda: task.apply_async((ada,), ignore_result=True))
record("zlib", lambda: task.apply_async((ada,), compression="zlib"))
record("pickle", lambda: task.apply_async((ada,), serializer="pickle"))
record("link", lambda: task.apply_async((ada,), link=other.s()))
record("unknown", lambda: other.delay())
record("chain", lambda: (task.s(ada) | other.si()).delay())
