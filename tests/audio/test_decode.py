"""Every format decoded, cut, mixed and resampled; every bad file refused with a reason."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess

import numpy as np
import pytest
import soundfile
from tones import RATE, loudest, tone

from audioclf.audio import decode
from audioclf.audio.recordings import AudioInfo
from audioclf.errors import AudioError

LOSSLESS = {
    "8bit.wav": ("WAV", "PCM_U8", 1 / 127),
    "16bit.wav": ("WAV", "PCM_16", 1 / 32767),
    "24bit.wav": ("WAV", "PCM_24", 2**-22),
    "32bit.wav": ("WAV", "PCM_32", 2**-22),
    "float.wav": ("WAV", "FLOAT", 0.0),
    "double.wav": ("WAV", "DOUBLE", 0.0),
    "a.flac": ("FLAC", "PCM_16", 1 / 32767),
    "b.flac": ("FLAC", "PCM_24", 2**-22),
    "a.aiff": ("AIFF", "PCM_16", 1 / 32767),
    "a.AIF": ("AIFF", "PCM_24", 2**-22),
    "a.au": ("AU", "PCM_16", 1 / 32767),
    "a.caf": ("CAF", "PCM_16", 1 / 32767),
    "a.w64": ("W64", "PCM_16", 1 / 32767),
}
LOSSY = {
    "a.ogg": ("OGG", "VORBIS", RATE),
    "a.opus": ("OGG", "OPUS", 48000),
    "a.mp3": ("MP3", "MPEG_LAYER_III", RATE),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_lossless_format_gives_the_samples_that_were_written(tmp_path, name):
    form, subtype, step = LOSSLESS[name]
    samples = tone()
    soundfile.write(tmp_path / name, samples, RATE, format=form, subtype=subtype)
    signal = decode.read(tmp_path / name)
    assert signal.sample_rate == RATE
    assert signal.samples.dtype == np.float32
    assert signal.samples.shape == samples.shape
    np.testing.assert_allclose(signal.samples, samples, rtol=0, atol=step)
    assert decode.probe(tmp_path / name) == AudioInfo(RATE, 1, 1.0)


@pytest.mark.parametrize("name", LOSSY)
def test_a_lossy_format_keeps_tone_level_and_length(tmp_path, name):
    form, subtype, rate = LOSSY[name]
    soundfile.write(tmp_path / name, tone(rate=rate), rate, format=form, subtype=subtype)
    signal = decode.read(tmp_path / name)
    assert signal.sample_rate == rate
    assert signal.duration == pytest.approx(1.0, abs=0.1)
    middle = signal.samples[rate // 4 : rate // 2]
    assert loudest(middle, rate) == pytest.approx(440, abs=5)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.4 / np.sqrt(2), rel=0.03)
    assert decode.probe(tmp_path / name).duration == pytest.approx(signal.duration, abs=1e-3)


FFMPEG = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="the ffmpeg program isn't installed")


def encode(folder, name, samples, *options):
    soundfile.write(folder / "source.wav", samples, RATE, subtype="FLOAT")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", folder / "source.wav", *options, folder / name]
    subprocess.run([str(part) for part in command], check=True)
    return folder / name


@FFMPEG
@pytest.mark.parametrize("name", ["a.m4a", "a.aac", "a.mp4", "a.3gp", "a.mov"])
@pytest.mark.parametrize("channels", [1, 2])
def test_ffmpeg_formats_keep_tone_level_and_length(tmp_path, name, channels):
    samples = np.column_stack([tone()] * channels)
    path = encode(tmp_path, name, samples, "-c:a", "aac", "-b:a", "128k")
    signal = decode.read(path)
    assert signal.sample_rate == RATE
    assert signal.samples.ndim == 1
    assert signal.samples.flags.writeable
    assert signal.duration == pytest.approx(1.0, abs=0.1)
    middle = signal.samples[RATE // 4 : RATE // 2]
    assert loudest(middle, RATE) == pytest.approx(440, abs=5)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.4 / np.sqrt(2), rel=0.03)
    info = decode.probe(path)
    assert (info.sample_rate, info.channels) == (RATE, channels)


@FFMPEG
def test_a_stretch_of_an_ffmpeg_format_is_that_stretch(tmp_path):
    path = encode(tmp_path, "a.m4a", np.random.default_rng(0).uniform(-0.5, 0.5, RATE), "-c:a", "aac")
    whole = decode.read(path)
    part = decode.read(path, start=0.25, end=0.5)
    np.testing.assert_array_equal(part.samples, whole.samples[RATE // 4 : RATE // 2])
    assert len(decode.read(path, 16000, start=0.25, end=0.5).samples) == pytest.approx(4000, abs=2)


@FFMPEG
def test_a_film_without_sound_is_refused(tmp_path):
    path = tmp_path / "silent.mp4"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "color=size=32x32:duration=0.2", str(path)]
    if subprocess.run(command, check=False).returncode:
        pytest.skip("this ffmpeg can't make a film")
    with pytest.raises(AudioError, match="holds no sound track"):
        decode.probe(path)


@FFMPEG
@pytest.mark.parametrize("name", ["notes.m4a", "notes.aac"])
def test_text_named_as_an_ffmpeg_format_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_text("this is no recording")
    with pytest.raises(AudioError, match=r"not audio that can be read.*convert it to WAV or FLAC"):
        decode.read(path)


@FFMPEG
@pytest.mark.parametrize("form", ["flac", "ogg", "wav", "mp3"])
def test_a_streamed_file_whose_header_knows_no_length_is_read_to_its_end(tmp_path, form):
    """ffmpeg can't go back in a pipe to fill in the length; libsndfile then tells of 2**63 samples of FLAC."""
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, RATE).astype(np.float32)
    soundfile.write(tmp_path / "source.wav", samples, RATE)
    source = str(tmp_path / "source.wav")
    streamed = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", source, "-f", form, "-"], check=True, capture_output=True
    )
    path = tmp_path / f"streamed.{form}"
    path.write_bytes(streamed.stdout)
    whole = decode.read(path)
    assert whole.duration == pytest.approx(1.0, abs=0.1)
    assert decode.probe(path).duration == pytest.approx(whole.duration, abs=0.03)  # MP3's is an estimate
    if form in ("flac", "wav"):
        np.testing.assert_allclose(whole.samples, samples, rtol=0, atol=1 / 32767)
        part = decode.read(path, start=0.5, end=0.6)
        np.testing.assert_array_equal(part.samples, whole.samples[round(0.5 * RATE) : round(0.6 * RATE)])


def test_without_ffmpeg_the_message_says_to_install_it(tmp_path, monkeypatch):
    path = tmp_path / "a.m4a"
    path.write_bytes(b"whatever")
    monkeypatch.setenv("PATH", str(tmp_path))
    for attempt in (decode.read, decode.probe):
        with pytest.raises(AudioError, match=r"a\.m4a: \.m4a files are decoded by the ffmpeg program.*install ffmpeg"):
            attempt(path)


def test_a_failing_decoder_is_an_error_with_its_reason(tmp_path, monkeypatch):
    if os.name == "nt":
        pytest.skip("stands in for the program with a shell script")
    program = tmp_path / "ffprobe"
    program.write_text("#!/bin/sh\necho 'a.m4a: moov atom not found' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "a.m4a").write_bytes(b"whatever")
    with pytest.raises(AudioError, match="moov atom not found"):
        decode.probe(tmp_path / "a.m4a")


@pytest.fixture
def probed(tmp_path, monkeypatch):
    """Have a program that says what it is told to stand in for ffprobe; return a recording."""
    if os.name == "nt":
        pytest.skip("stands in for the program with a shell script")

    def say(text):
        program = tmp_path / "ffprobe"
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        (tmp_path / "a.m4a").write_bytes(b"whatever")
        return tmp_path / "a.m4a"

    return say


@pytest.mark.parametrize(
    ("stream", "form", "duration"),
    [
        ('"duration": "1.5"', '"duration": "1.6"', 1.5),
        ('"codec": "aac"', '"duration": "1.6"', 1.6),
        ('"a": 1', "", 0.0),
    ],
)
def test_what_ffprobe_says_of_a_sound_track(probed, stream, form, duration):
    said = '{"programs": [], "streams": [{"sample_rate": "44100", "channels": 2, %s}], "format": {%s}}'
    assert decode.probe(probed(said % (stream, form))) == AudioInfo(44100, 2, duration)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('{"streams": [{"channels": 0}]}', "its sound track is of an unknown kind"),
        ('{"streams": [], "format": {}}', "holds no sound track"),
        ("{}", "holds no sound track"),
        ("", "not audio that can be read"),
        ('{"streams": [{"sample_rate": "fast", "channels": 1}]}', "not audio that can be read"),
        ('{"streams": [{"sample_rate": "8000", "channels": "one"}]}', r"\$\.streams\[0\]\.channels"),
    ],
)
def test_a_sound_track_of_an_unknown_kind_is_refused(probed, said, message):
    with pytest.raises(AudioError, match=rf"a\.m4a: .*{message}"):
        decode.probe(probed(said))


@pytest.mark.parametrize("channels", [2, 3, 6])
def test_channels_are_averaged(tmp_path, rng, channels):
    samples = rng.uniform(-1, 1, (1000, channels))
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="DOUBLE")
    signal = decode.read(tmp_path / "a.wav")
    np.testing.assert_allclose(signal.samples, samples.mean(axis=1), atol=1e-7)
    assert decode.probe(tmp_path / "a.wav").channels == channels


def test_opposite_channels_cancel(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.column_stack([tone(), -tone()]), RATE, subtype="FLOAT")
    assert not decode.read(tmp_path / "a.wav").samples.any()


def test_a_float_recording_over_full_scale_is_not_clipped(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([0.5, 2.5, -3.0]), 8000, subtype="FLOAT")
    np.testing.assert_array_equal(decode.read(tmp_path / "a.wav").samples, np.float32([0.5, 2.5, -3.0]))


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.opus", "a.mp3"])
@pytest.mark.parametrize(("start", "end"), [(None, 0.3), (0.2, 0.7), (0.5, None), (0.9, 5.0), (0.0, 0.001)])
def test_a_stretch_is_that_part_of_the_whole(tmp_path, rng, name, start, end):
    rate = 48000
    samples = rng.uniform(-0.5, 0.5, rate)
    soundfile.write(tmp_path / name, samples, rate, subtype=LOSSY[name][1] if name in LOSSY else None, format=name[2:]
                    if name not in ("a.opus",) else "OGG")  # fmt: skip
    whole = decode.read(tmp_path / name).samples
    part = decode.read(tmp_path / name, start=start, end=end).samples
    first, last = round((start or 0) * rate), None if end is None else round(end * rate)
    np.testing.assert_allclose(part, whole[first:last], atol=1e-6)


@pytest.mark.parametrize(("start", "end"), [(1.0, None), (2.0, 3.0)])
def test_a_stretch_beyond_the_end_holds_no_samples(tmp_path, start, end):
    soundfile.write(tmp_path / "a.wav", tone(), RATE)
    with pytest.raises(AudioError, match=rf"a\.wav: no samples between {start:g} s and (3 s|the end)"):
        decode.read(tmp_path / "a.wav", start=start, end=end)


@pytest.mark.parametrize(("start", "end"), [(-0.5, None), (0.5, 0.5), (0.5, 0.0), (0.7, 0.2), (float("nan"), None)])
def test_a_stretch_that_cannot_be_is_refused(tmp_path, start, end):
    soundfile.write(tmp_path / "a.wav", tone(), RATE)
    with pytest.raises(AudioError, match=r"no clip from .* give 0 <= start < end"):
        decode.read(tmp_path / "a.wav", start=start, end=end)


def test_a_few_samples_brought_down_far_are_one_sample_of_silence(tmp_path):
    """Three samples at 192 kHz are an eighth of one at 8 kHz: soxr gives none, and a signal has at least one."""
    soundfile.write(tmp_path / "a.wav", np.ones(3), 192000)
    signal = decode.read(tmp_path / "a.wav", 8000)
    assert signal.sample_rate == 8000
    np.testing.assert_array_equal(signal.samples, np.zeros(1, np.float32))


def test_read_resamples_the_stretch(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1000, seconds=2.0), RATE, subtype="FLOAT")
    signal = decode.read(tmp_path / "a.wav", 16000, start=0.5, end=1.5)
    assert signal.sample_rate == 16000
    assert signal.duration == pytest.approx(1.0, abs=1e-3)
    assert loudest(signal.samples, 16000) == pytest.approx(1000, abs=2)


BOTH = pytest.mark.parametrize("attempt", [decode.read, decode.probe], ids=["read", "probe"])


@BOTH
def test_a_missing_file_is_refused(tmp_path, attempt):
    with pytest.raises(AudioError, match=r"gone\.wav: no such file"):
        attempt(tmp_path / "gone.wav")


@BOTH
def test_a_path_through_a_file_is_no_such_file(tmp_path, attempt):
    (tmp_path / "file").write_text("x")
    with pytest.raises(AudioError, match="no such file"):
        attempt(tmp_path / "file" / "a.wav")


@BOTH
@pytest.mark.parametrize("name", ["n" * 5000 + ".wav", "nul\0l.wav"], ids=["long", "null"])
def test_an_impossible_name_is_refused(attempt, name):
    with pytest.raises(AudioError, match=r"can't be read|no such file"):
        attempt(name)


@BOTH
def test_an_empty_file_is_refused(tmp_path, attempt):
    (tmp_path / "a.wav").touch()
    with pytest.raises(AudioError, match=r"a\.wav: the file is empty \(0 bytes\)"):
        attempt(tmp_path / "a.wav")


@BOTH
def test_a_folder_is_refused(tmp_path, attempt):
    (tmp_path / "a.wav").mkdir()
    with pytest.raises(AudioError, match="a folder, not a recording"):
        attempt(tmp_path / "a.wav")


@BOTH
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".opus", ".raw", ".txt", ""])
def test_text_named_as_audio_is_refused(tmp_path, attempt, suffix):
    path = tmp_path / f"notes{suffix}"
    path.write_text("Dear diary, today I recorded a bird.\n" * 20)
    with pytest.raises(AudioError, match=r"not audio that can be read .*; convert it to WAV or FLAC, or leave it out"):
        attempt(path)


@BOTH
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, attempt):
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(AudioError, match="not a regular file"):
        attempt(tmp_path / "a.wav")


@BOTH
@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path, attempt):
    soundfile.write(tmp_path / "a.wav", tone(), RATE)
    (tmp_path / "a.wav").chmod(stat.S_IWUSR)
    with pytest.raises(AudioError, match="can't be read: Permission denied"):
        attempt(tmp_path / "a.wav")


def test_a_recording_of_no_samples_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), 8000)
    with pytest.raises(AudioError, match=r"a\.wav: no samples; leave it out"):
        decode.read(tmp_path / "a.wav")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_that_are_not_finite_are_refused(tmp_path, bad, channels):
    samples = np.zeros((100, channels))
    samples[50, -1] = bad
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="DOUBLE")
    with pytest.raises(AudioError, match="aren't finite numbers"):
        decode.read(tmp_path / "a.wav")


def test_samples_beyond_any_level_are_refused_for_their_squares_overflow(tmp_path):
    soundfile.write(tmp_path / "a.wav", 1e20 * tone(), RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"samples of up to 4e\+19, where full scale is 1"):
        decode.read(tmp_path / "a.wav")


def test_integers_saved_as_floats_are_kept(tmp_path):
    samples = (tone() * 2**31).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    np.testing.assert_array_equal(decode.read(tmp_path / "a.wav").samples, samples)


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.opus"])
def test_a_file_cut_short_is_refused(tmp_path, rng, name):
    form = {"a.flac": ("FLAC", "PCM_16"), "a.ogg": ("OGG", "VORBIS"), "a.opus": ("OGG", "OPUS")}[name]
    path = tmp_path / name
    soundfile.write(path, rng.uniform(-0.5, 0.5, 48000), 48000, format=form[0], subtype=form[1])
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(AudioError, match=name):
        decode.read(path)


def test_a_wav_cut_short_gives_what_is_there(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), RATE, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[: 44 + 2 * 1000])
    samples = decode.read(path).samples
    np.testing.assert_allclose(samples, tone()[:1000], atol=1 / 32767)


def test_names_with_spaces_dashes_and_other_scripts(tmp_path):
    for name in ("-i.wav", "a b.wav", "häher 鳥.wav", "100%.wav", "a:b.wav" if os.name != "nt" else "ab.wav"):
        soundfile.write(tmp_path / name, tone(), RATE)
        assert decode.read(tmp_path / name).duration == 1.0


@FFMPEG
def test_names_that_ffmpeg_could_take_for_options_or_protocols(tmp_path, monkeypatch):
    made = encode(tmp_path, "a.m4a", tone(), "-c:a", "aac")
    monkeypatch.chdir(tmp_path)
    for name in ("-i.m4a", "%03d.m4a", "häher 鳥.m4a", *([] if os.name == "nt" else ["file:x.m4a", "http:x.m4a"])):
        shutil.copy(made, tmp_path / name)
        assert decode.read(name).sample_rate == RATE
