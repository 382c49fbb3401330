"""mirdata: music by way of the mirdata library (``audioclf[datasets]``).

Of the 63 data sets in mirdata 1.0.0, the 24 below have recordings with a single label and are supported. Where
the makers split in three, the validation part counts as training.

===========================  ======================  ==================  ===========
name                         label                   group               fold
===========================  ======================  ==================  ===========
ballroom                     genre                   none known          none
compmusic_carnatic_rhythm    taala                   artist              none
compmusic_hindustani_rhythm  taala                   artist              none
compmusic_raga               raga                    concert             none
egfxset                      effect                  none known          none
fma_keys                     key and mode            none known          none
giantsteps_key               key                     none known          none
giantsteps_tempo             genre                   none known          none
good_sounds                  instrument              pack                none
groove_midi                  style before the slash  drummer             split
gtzan_genre                  genre                   none known          none
guitarset                    style                   player_id           none
idmt_smt_audio_effects       fx_type                 none known          none
irmas                        predominant_instrument  none known          none
maestro                      canonical_composer      canonical_title     split
medley_solos_db              instrument              song_id             subset
medleydb_melody              genre                   artist              none
medleydb_pitch               instrument              artist              none
mridangam_stroke             stroke_name             tonic               none
salami                       broad_genre             artist              none
slakh                        instrument              mtrack_id           split
tinysol                      instrument_full         none known          split, 0 to 4
tonality_classicaldb         key                     none known          none
tonas                        style                   singer              none
===========================  ======================  ==================  ===========

In mridangam_stroke each tonic is a drum of its own. Of irmas, the training part alone has one label a clip.
"""

from __future__ import annotations

from ._library import NO_AUDIO, LibraryLoader, Rule

NOTES = "made for transcription"
BEATS = "made for beat tracking"
CHORDS = "made for chord and structure analysis"
MELODY = "made for melody extraction"
TAGS = "made for tagging with several labels a clip"


class Mirdata(LibraryLoader):
    """``mirdata:NAME``: a data set as mirdata describes it."""

    name = "mirdata"
    variants = "the name of a data set in mirdata, for example mirdata:gtzan_genre"
    items, item, home = "track_ids", "track", "mir_datasets"
    rules = {
        "ballroom": Rule("genre"),
        "compmusic_carnatic_rhythm": Rule("taala", "artist"),
        "compmusic_hindustani_rhythm": Rule("taala", "artist"),
        "compmusic_raga": Rule("raga", "concert"),
        "egfxset": Rule("effect"),
        "fma_keys": Rule("key+mode"),
        "giantsteps_key": Rule("key"),
        "giantsteps_tempo": Rule("genre"),
        "good_sounds": Rule("instrument", "sound_info.pack_id"),
        "groove_midi": Rule("style/", "drummer", "split"),
        "gtzan_genre": Rule("genre"),
        "guitarset": Rule("style", "player_id", audio="audio_mic_path"),
        "idmt_smt_audio_effects": Rule("fx_type"),
        "irmas": Rule("predominant_instrument"),
        "maestro": Rule("canonical_composer", "canonical_title", "split"),
        "medley_solos_db": Rule("instrument", "song_id", "subset"),
        "medleydb_melody": Rule("genre", "artist"),
        "medleydb_pitch": Rule("instrument", "artist"),
        "mridangam_stroke": Rule("stroke_name", "tonic"),
        "salami": Rule("broad_genre", "artist"),
        "slakh": Rule("instrument", "mtrack_id", "split"),
        "tinysol": Rule("instrument_full", "", "split"),
        "tonality_classicaldb": Rule("key"),
        "tonas": Rule("style", "singer"),
    }
    other = {
        "acousticbrainz_genre": NO_AUDIO,
        "baf": "made for music identification",
        "beatles": CHORDS,
        "beatport_key": TAGS,
        "billboard": CHORDS,
        "brid": BEATS,
        "candombe": BEATS,
        "cante100": MELODY,
        "cipi": NO_AUDIO,
        "compmusic_carnatic_varnam": NOTES,
        "compmusic_iamms": MELODY,
        "compmusic_indian_tonic": "made for tonic identification",
        "compmusic_jingju_acappella": NOTES,
        "compmusic_otmm_makam": NO_AUDIO,
        "cuidado": BEATS,
        "da_tacos": NO_AUDIO,
        "dagstuhl_choirset": MELODY,
        "dali": NOTES,
        "filosax": NOTES,
        "four_way_tabla": NOTES,
        "freesound_one_shot_percussive_sounds": TAGS,
        "hainsworth": BEATS,
        "haydn_op20": NO_AUDIO,
        "ikala": MELODY,
        "jtd": NOTES,
        "mdb_stem_synth": MELODY,
        "mtg_jamendo_autotagging_moodtheme": TAGS,
        "openmic2018": TAGS,
        "orchset": MELODY,
        "phenicx_anechoic": NOTES,
        "queen": CHORDS,
        "rwc_classical": BEATS,
        "rwc_jazz": BEATS,
        "rwc_popular": BEATS,
        "saraga_carnatic": MELODY,
        "saraga_hindustani": MELODY,
        "scms": MELODY,
        "simac": BEATS,
        "vocadito": MELODY,
    }
