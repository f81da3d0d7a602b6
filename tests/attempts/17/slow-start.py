# passes: takes its time to start
import os
import time

time.sleep(1.5)
exec(open(os.path.join(os.path.dirname(__file__), "right.py")).read())
