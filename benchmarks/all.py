"""Every benchmark, one after the other, in one table: what ``make bench`` runs."""

from __future__ import annotations

import families
import frames
import memory
import peers
import pooled
import short_clips
import startup
import warm_store
import workers
from _rows import main

if __name__ == "__main__":
    main(frames, pooled, peers, short_clips, workers, warm_store, memory, startup, families)
