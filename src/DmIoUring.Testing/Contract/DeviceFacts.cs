namespace DmIoUring.Testing.Contract;

/// <summary>What the contract's refusals depend on, as whoever made the device knows it: the library's own view of the device is what is tested.</summary>
internal readonly record struct DeviceFacts
{
    /// <summary>Whole sectors of 512 bytes.</summary>
    public required long Sectors { get; init; }

    /// <summary>Bytes.</summary>
    public required int LogicalBlock { get; init; }

    public bool IsReadOnly { get; init; }

    /// <summary>A flush has failed, and that is not acknowledged.</summary>
    public bool IsInDoubt { get; init; }

    /// <summary>The largest atomic write in bytes; 0 where there is none. The smallest is a logical block.</summary>
    public int MostAtomic { get; init; }
}
