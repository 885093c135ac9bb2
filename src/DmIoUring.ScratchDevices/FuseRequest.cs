using System.Buffers;

namespace DmIoUring.ScratchDevices;

/// <summary>A request about the bytes of a <see cref="FaultFile"/>, from its arrival to its answer.</summary>
internal sealed class FuseRequest
{
    private byte[]? _data;

    public FuseRequest(ulong unique, MediumOperations operation, long offset, int length)
    {
        Unique = unique;
        Operation = operation;
        Offset = offset;
        Length = length;
    }

    /// <summary>A write; the data is copied, since the server's buffer serves the next request.</summary>
    public FuseRequest(ulong unique, MediumOperations operation, long offset, ReadOnlySpan<byte> data)
        : this(unique, operation, offset, data.Length)
    {
        _data = ArrayPool<byte>.Shared.Rent(data.Length);
        data.CopyTo(_data);
    }

    /// <summary>What the kernel knows it by.</summary>
    public ulong Unique { get; }

    public MediumOperations Operation { get; }

    public long Offset { get; }

    public int Length { get; }

    public bool Durable { get; init; }

    public ReadOnlySpan<byte> Data => _data.AsSpan(0, Length);

    /// <summary>Its place in the log.</summary>
    public int Entry { get; set; }

    /// <summary>How it is to end; 0 for as it would without a fault.</summary>
    public int Errno { get; set; }

    /// <summary>How many bytes of it are to be done.</summary>
    public int Most { get; set; } = int.MaxValue;

    public TimeSpan Delay { get; set; }

    /// <summary>What a flush found to make durable when it came.</summary>
    public List<WrittenSector>? Flushed { get; set; }

    public void FreeData()
    {
        if (_data is not null)
            ArrayPool<byte>.Shared.Return(_data);
        _data = null;
    }
}
