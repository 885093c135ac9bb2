namespace DmIoUring.ScratchDevices;

/// <summary>How a <see cref="FaultFile"/> is made.</summary>
public sealed record FaultFileOptions
{
    /// <summary>
    /// Whether the file keeps writes only when they are flushed, so that <see cref="FaultFile.PowerCut"/> can lose the others.
    /// </summary>
    public bool Volatile { get; init; }

    /// <summary>Whether every request is kept in <see cref="DmIoUring.Testing.FaultyMedium.Log"/>: off for a file that is used for hours.</summary>
    public bool Logs { get; init; } = true;

    /// <summary>Where the file's name goes; <see langword="null"/> for the folder of temporary files.</summary>
    public string? Folder { get; init; }
}
