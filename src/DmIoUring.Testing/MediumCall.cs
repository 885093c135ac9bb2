namespace DmIoUring.Testing;

/// <summary>A request about the bytes of a <see cref="FaultyMedium"/>, from its arrival to its answer. The medium's lock guards it.</summary>
internal abstract class MediumCall(MediumOperations operation, long offset, long length)
{
    public MediumOperations Operation => operation;

    public long Offset => offset;

    public long Length => length;

    /// <summary>Whether a write is to be on the medium when it ends.</summary>
    public bool Durable { get; init; }

    /// <summary>The medium that it has arrived at.</summary>
    public FaultyMedium? Medium { get; set; }

    /// <summary>Its position in the log.</summary>
    public int Entry { get; set; }

    /// <summary>How it is to end; 0 for as it would without a fault.</summary>
    public int Errno { get; set; }

    /// <summary>How many bytes of it are to be done.</summary>
    public long Most { get; set; } = long.MaxValue;

    /// <summary>How many bytes of a request that fails are done all the same.</summary>
    public long Torn { get; set; }

    /// <summary>With which errno it ends because the medium was down when it came, or went down meanwhile, though it may be up again by then; 0 for neither.</summary>
    public int DownErrno { get; set; }

    /// <summary>Which of the medium's requests it is: what the seed decides of it depends on this, and not on when it ends.</summary>
    public long Arrival { get; set; }

    public TimeSpan Delay { get; set; }

    /// <summary>What a flush found to make durable when it came.</summary>
    public List<WrittenSector>? Flushed { get; set; }

    public bool IsEnded { get; set; }

    /// <summary>Copies what a read gives.</summary>
    public abstract void CopyFrom(VolatileMedium medium, long length);

    /// <summary>Copies what a write has, as one write.</summary>
    public abstract void CopyTo(VolatileMedium medium, long length, bool durable);

    /// <summary>Answers the one who asked. Called once.</summary>
    /// <param name="errno">0 for success.</param>
    /// <param name="length">How many bytes were done.</param>
    public abstract void End(int errno, long length);
}
