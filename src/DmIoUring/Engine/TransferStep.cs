namespace DmIoUring.Engine;

/// <summary>What to do after one call transferred something, nothing, or failed.</summary>
internal enum TransferStep : byte
{
    /// <summary>All of it was transferred.</summary>
    Done,

    /// <summary>A part was transferred: go on with the rest.</summary>
    Continue,

    /// <summary>The same once more, after the verdict's delay.</summary>
    Again,

    /// <summary>It failed for good.</summary>
    Fail,
}
