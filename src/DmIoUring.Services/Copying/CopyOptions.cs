namespace DmIoUring.Services;

/// <summary>How one job is done. The defaults are kcopyd's.</summary>
public sealed record CopyOptions
{
    /// <summary>What happens when the source can't be read. Default <see cref="CopyReadErrorPolicy.Stop"/>.</summary>
    public CopyReadErrorPolicy OnReadError { get; init; }

    /// <summary>What happens when a destination can't be written. Default <see cref="CopyWriteErrorPolicy.Stop"/>.</summary>
    public CopyWriteErrorPolicy OnWriteError { get; init; }

    /// <summary>
    /// Whether the job's writes are made one at a time and ascending (DM_KCOPYD_WRITE_SEQ); reads overlap with them all the same. Off by default. On by itself where a
    /// destination has zones that must be written in order (<see cref="BlockDevice.SequentialFrom"/>), and then a read error can't be ignored: <see cref="OnReadError"/>
    /// is <see cref="CopyReadErrorPolicy.Stop"/>, whatever it says (dm_kcopyd_copy, drivers/md/dm-kcopyd.c). A destination that failed gets no further writes of such a
    /// job.
    /// </summary>
    public bool SequentialWrites { get; init; }

    /// <summary>What limits the rate; <see langword="null"/>, the default, for nothing. Holes that are not read don't count.</summary>
    public CopyThrottle? Throttle { get; init; }

    /// <summary>
    /// Is told how far the job is: on the thread pool, one report at a time, never while another report or callback of the service runs, and not after the job's end was
    /// told. A piece that ends within 20 ms of one that was reported is in the next report; the last report comes before the end is told. <see langword="null"/>, the default, for no reports.
    /// </summary>
    public IProgress<CopyProgress>? Progress { get; init; }

    /// <summary>
    /// Where to start, in sectors of 512 bytes from the beginning of the regions: the <see cref="CopyResult.NextSector"/> of a job that was not completed. 0 to the
    /// regions' count, a multiple of every device's logical block. Default 0.
    /// </summary>
    public long StartAt { get; init; }

    /// <summary>
    /// Whether the destinations that have no bit are flushed at the end: what was copied is durable then, and a flush that fails sets the destination's bit. Not made
    /// when the job was cancelled, or ended by an exception. Off by default.
    /// </summary>
    public bool Flush { get; init; }

    /// <summary>What happens with zeroes. Default <see cref="CopySparse.None"/>. Without effect when regions are zeroed.</summary>
    public CopySparse Sparse { get; init; }

    /// <summary>Looks at each piece between its read and its writes, in a callback.</summary>
    internal CopyCheck? Check { get; init; }
}
