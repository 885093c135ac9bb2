using System.Buffers;
using DmIoUring.Testing;

namespace DmIoUring.ScratchDevices;

/// <summary>A request about the bytes of a <see cref="FaultFile"/>, from its arrival to its answer.</summary>
internal sealed class FuseRequest : MediumCall
{
    private readonly FuseServer _server;
    private readonly ulong _unique;
    private byte[]? _data;

    /// <summary>Anything but a write.</summary>
    /// <param name="server">Where it came from.</param>
    /// <param name="unique">What the kernel knows it by.</param>
    /// <param name="operation">What was asked.</param>
    /// <param name="offset">Bytes.</param>
    /// <param name="length">Bytes.</param>
    public FuseRequest(FuseServer server, ulong unique, MediumOperations operation, long offset, long length)
        : base(operation, offset, length)
    {
        _server = server;
        _unique = unique;
    }

    /// <summary>A write; the data is copied, since the server's buffer serves the next request.</summary>
    public FuseRequest(FuseServer server, ulong unique, long offset, ReadOnlySpan<byte> data)
        : this(server, unique, MediumOperations.Write, offset, data.Length)
    {
        _data = ArrayPool<byte>.Shared.Rent(data.Length);
        data.CopyTo(_data);
    }

    public override void CopyFrom(VolatileMedium medium, long length)
    {
        _data = ArrayPool<byte>.Shared.Rent((int)length);
        medium.Read(long.Min(Offset, medium.Size), _data.AsSpan(0, (int)length));
    }

    public override void CopyTo(VolatileMedium medium, long length, bool durable) =>
        medium.Write(medium.BeginWrite(), Offset, _data.AsSpan(0, (int)length), durable);

    public override void End(int errno, long length)
    {
        if (errno != 0)
        {
            _server.Reply(_unique, errno, []);
        }
        else if (Operation == MediumOperations.Write)
        {
            Span<byte> written = stackalloc byte[8];
            BitConverter.TryWriteBytes(written, length);
            _server.Reply(_unique, errno, written);
        }
        else
        {
            _server.Reply(_unique, errno, Operation == MediumOperations.Read ? _data.AsSpan(0, (int)length) : []);
        }

        if (_data is not null)
            ArrayPool<byte>.Shared.Return(_data);
        _data = null;
    }
}
