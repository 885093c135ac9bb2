using System.Globalization;

namespace DmIoUring.Services;

/// <summary>How a <see cref="CopyService"/> works.</summary>
public sealed record CopyServiceOptions
{
    /// <summary>The largest <see cref="PieceBytes"/>.</summary>
    public const int MaxPieceBytes = 1 << 28;

    /// <summary>The largest <see cref="PiecesInFlight"/>.</summary>
    public const int MaxPiecesInFlight = 1024;

    private const int MinPieceBytes = 4096;

    /// <summary>
    /// The size of a piece in bytes: a multiple of 512, from 4,096 to <see cref="MaxPieceBytes"/>. Default 512 KiB, as kcopyd's. At most the client's
    /// <see cref="IoDriverOptions.ChunkBytes"/> where a destination's zones must be written in order. Zeroes and holes that are not written from memory have pieces 32
    /// times as large.
    /// </summary>
    public int PieceBytes { get; init; } = 512 << 10;

    /// <summary>How many pieces of all the service's jobs are in flight at once, 1 to <see cref="MaxPiecesInFlight"/>. Default 8, as kcopyd's.</summary>
    public int PiecesInFlight { get; init; } = 8;

    /// <summary>Called with the exception that a callback or a progress report threw, on the same thread. By default it is written to <see cref="System.Diagnostics.Trace"/>.</summary>
    public Action<Exception>? CallbackFailed { get; init; }

    /// <summary>
    /// The clock of <see cref="CopyProgress.Elapsed"/> and <see cref="CopyResult.Elapsed"/>. Default <see cref="System.TimeProvider.System"/>. A
    /// <see cref="CopyThrottle"/> has its own.
    /// </summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        if (PieceBytes is < MinPieceBytes or > MaxPieceBytes || PieceBytes % IoRegion.SectorSize != 0)
            throw Error(nameof(PieceBytes), PieceBytes, $"a multiple of {IoRegion.SectorSize} bytes, {MinPieceBytes} to {MaxPieceBytes}");
        if (PiecesInFlight is < 1 or > MaxPiecesInFlight)
            throw Error(nameof(PiecesInFlight), PiecesInFlight, $"1 to {MaxPiecesInFlight}");
        if (TimeProvider is null)
            throw new ArgumentException("The CopyServiceOptions.TimeProvider is null; give it a clock, or leave it out.", paramName: null);
    }

    private static ArgumentOutOfRangeException Error(string option, int value, string range) =>
        new(option, value, string.Create(CultureInfo.InvariantCulture, $"{option} is {value}; give it {range}."));
}
