namespace DmIoUring.Services;

/// <summary>What a device says that it is: see <see cref="MirrorInspection"/>.</summary>
public sealed record MirrorInspectedDevice
{
    internal MirrorInspectedDevice()
    {
    }

    /// <summary>The device.</summary>
    public required BlockDevice Device { get; init; }

    /// <summary>The mirror that its metadata names; <see langword="null"/> when it has none that is valid.</summary>
    public Guid? Mirror { get; init; }

    /// <summary>Which of that mirror's legs it was when it was written last; -1 without metadata.</summary>
    public int Leg { get; init; } = -1;

    /// <summary>The number of its newest superblock.</summary>
    public long Changes { get; init; }

    /// <summary>
    /// Why it can't be used as a leg of the inspected mirror: <see cref="MirrorRefusal.NoMetadata"/>, <see cref="MirrorRefusal.Foreign"/> (another mirror's, replaced, or a copy of another
    /// device), <see cref="MirrorRefusal.Split"/>, <see cref="MirrorRefusal.Unsuitable"/> or <see cref="MirrorRefusal.NoSource"/>. <see langword="null"/>: it can.
    /// </summary>
    public MirrorRefusal? Refusal { get; init; }

    /// <summary>The same in words, with what to do.</summary>
    public string? Reason { get; init; }
}
