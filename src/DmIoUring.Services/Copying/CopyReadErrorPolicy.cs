namespace DmIoUring.Services;

/// <summary>What a copy does when the source can't be read.</summary>
public enum CopyReadErrorPolicy
{
    /// <summary>Starts no new pieces; those in flight end. As kcopyd does by default.</summary>
    Stop,

    /// <summary>Leaves the piece out: the destinations stay there as they were (<see cref="CopyResult.NotRead"/>), and the copy goes on.</summary>
    SkipPiece,

    /// <summary>
    /// Reads the piece again in smaller parts, down to the source's logical block, writes zeroes where that fails (<see cref="CopyResult.NotRead"/>), and goes on. As kcopyd does with
    /// DM_KCOPYD_IGNORE_ERROR, only that kcopyd loses the whole piece. A piece that can be read the second time is no failure.
    /// </summary>
    WriteZeroes,
}
