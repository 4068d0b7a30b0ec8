#!/usr/bin/env python3
"""Front-end features by their definitions, in numpy with float64: the reference for crates/features.

    python3 make.py        writes clip.npy, mfcc_speech_commands.npy, mfcc_mlperf.npy, log_mel_400.npy, spectral.npy,
                           wavelet.npy

clip.npy is one second at 16 kHz, made here: a rising tone, two formants that fade, and noise of a linear congruence.
"""
import numpy as np

RATE = 16_000


def clip():
    n = np.arange(RATE)
    t = n / RATE
    noise = np.empty(RATE)
    state = 12345
    for k in range(RATE):
        state = (1103515245 * state + 12345) % 2**31
        noise[k] = state / 2**30 - 1
    x = 0.3 * np.sin(2 * np.pi * (200 * t + 900 * t**2))
    x += 0.2 * np.exp(-3 * t) * np.sin(2 * np.pi * 700 * t) + 0.1 * np.exp(-2 * t) * np.sin(2 * np.pi * 2100 * t)
    x += 0.01 * noise
    return (np.round(x * 32768).clip(-32768, 32767) / 32768).astype(np.float32)


def mel(hz):
    return 1127.0 * np.log(1.0 + np.asarray(hz, np.float64) / 700.0)


def bank(channels, low, high, fft):
    """tf.signal.linear_to_mel_weight_matrix: [bins, channels], the bin of frequency 0 without weight."""
    edges = np.linspace(mel(low), mel(high), channels + 2)
    bins = mel(np.arange(fft // 2 + 1) * RATE / fft)[:, None]
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    weights = np.maximum(0.0, np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre)))
    weights[0] = 0.0
    return weights


def spectra(x, frame, hop, fft):
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    starts = range(0, len(x) - frame + 1, hop)
    return np.stack([np.fft.rfft(x[s : s + frame].astype(np.float64) * window, fft) for s in starts])


def dct(log_mel, coefficients):
    n = log_mel.shape[1]
    basis = np.cos(np.pi / n * np.outer(np.arange(coefficients), np.arange(n) + 0.5)) * np.sqrt(2.0 / n)
    return log_mel @ basis.T


def spectral(rows, rate, fft, edges, peaks):
    out = []
    for x in rows.T.astype(np.float64):
        d = x - x.mean()
        s = np.sqrt((d**2).mean())
        signs = np.sign(d)[np.sign(d) != 0]
        figures = [s, (d**3).mean() / s**3, (d**4).mean() / s**4 - 3, (signs[1:] != signs[:-1]).sum() / len(x)]
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(len(x)) / len(x))
        power = np.abs(np.fft.rfft(d * window, fft)) ** 2 / window.sum() ** 2
        at = [int(np.round(e * fft / rate)) for e in edges]
        bands = [np.log(power[a:b].sum() + 1e-12) for a, b in zip(at[:-1], at[1:])]
        tops = [k for k in range(1, len(power) - 1) if power[k] >= power[k - 1] and power[k] >= power[k + 1]]
        tops = sorted(tops, key=lambda k: -power[k])[:peaks]
        out.append(figures + bands + [v for k in tops for v in (k * rate / fft, 2 * np.sqrt(power[k]))])
    return np.array(out)


DB4 = [
    0.2303778133088965, 0.7148465705529157, 0.6308807679298589, -0.0279837694168599,
    -0.1870348117190931, 0.0308413818355607, 0.0328830116668852, -0.0105974017850690,
]


def wavelet(rows, low, levels):
    low = np.array(low)
    high = low[::-1] * (-1.0) ** np.arange(len(low))
    out = []
    for x in rows.T.astype(np.float64):
        x, bands = x - x.mean(), []
        for _ in range(levels):
            x = np.append(x, x[-1:]) if len(x) % 2 else x
            at = (2 * np.arange(len(x) // 2)[:, None] + np.arange(len(low))) % len(x)
            bands.append(x[at] @ high)
            x = x[at] @ low
        figures = []
        for band in bands + [x]:
            d = band - band.mean()
            s = np.sqrt((d**2).mean())
            signs = np.sign(d)[np.sign(d) != 0]
            figures += [np.log((band**2).mean() + 1e-12), (d**3).mean() / s**3, (d**4).mean() / s**4 - 3]
            figures += [(signs[1:] != signs[:-1]).sum() / len(band)]
        out.append(figures)
    return np.array(out)


def save(name, array):
    np.save(name, np.ascontiguousarray(array, np.float32))


x = clip()
save("clip.npy", x)
magnitudes = np.abs(spectra(x, 480, 320, 512))
energies = magnitudes @ bank(40, 20, 4000, 512)
save("mfcc_speech_commands.npy", dct(np.log(np.maximum(energies, 1e-12)), 40))
save("mfcc_mlperf.npy", dct(np.log(energies + 1e-6), 10))
powers = np.abs(spectra(x, 400, 160, 512)) ** 2
save("log_mel_400.npy", np.log(powers @ bank(64, 60, 7600, 512) + 1e-6))
t = np.arange(100) / 50
tremor = 9.8 + 0.5 * t * np.sin(2 * np.pi * 6.1 * t) + 0.1 * np.cos(2 * np.pi * 15.3 * t)
motion = np.stack([np.sin(2 * np.pi * 3 * t) + 0.2 * np.cos(2 * np.pi * 11.2 * t) ** 3, tremor], 1)
motion = motion.astype(np.float32)
save("motion.npy", motion)
save("wavelet.npy", wavelet(motion, DB4, 3))
save("spectral.npy", spectral(motion, 50.0, 128, [0.5, 2, 8, 20], 2))
