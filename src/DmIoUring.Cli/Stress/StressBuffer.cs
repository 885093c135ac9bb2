using System.Buffers;

namespace DmIoUring.Cli.Stress;

/// <summary>The memory of one operation at a time: the bytes in their order, and the same bytes as the library gets them.</summary>
internal sealed class StressBuffer(int capacity) : IDisposable
{
    private const byte Poison = 0xA5;

    private readonly IoMemory _ordered = IoMemory.Allocate(capacity);
    private readonly IoMemory _arena = IoMemory.Allocate(capacity + IoMemory.Alignment);
    private readonly byte[] _array = new byte[capacity + IoMemory.Alignment];
    private readonly PieceList _pieces = new();
    private BufferShape _shape;
    private int _length;
    private int _offset;
    private PageList _pages;
    private IMemoryOwner<byte>? _rented;

    /// <summary>The operation's bytes; for a read, after <see cref="Gather"/>.</summary>
    public Span<byte> Ordered => _ordered.GetSpan()[.._length];

    /// <summary>Whether pool pages are held: who holds some may not wait for more.</summary>
    public bool HoldsPages => _pages.Count > 0 || _rented is not null;

    private Span<byte> Arena => _shape is BufferShape.Vectors or BufferShape.OddVectors ? _arena.GetSpan() : _array;

    /// <summary>Lays a buffer out; where the pool has no pages now, in one piece of its own.</summary>
    /// <param name="shape">How it should lie.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="luck">How it is cut.</param>
    /// <param name="client">Whose pages it takes.</param>
    /// <param name="mayWait">Whether it may wait in line for pages.</param>
    /// <param name="gotPages">False when it asked for pages in vain.</param>
    /// <returns>The buffer.</returns>
    public IoBuffer Lay(BufferShape shape, int length, ulong luck, DmIoClient client, bool mayWait, out bool gotPages)
    {
        SeededSequence random = new(luck);
        _length = length;
        gotPages = true;
        _shape = length == 0 ? BufferShape.Contiguous : shape;
        if (_shape >= BufferShape.Pages && !(gotPages = TryRent(client, mayWait, ref random)))
            _shape = BufferShape.Contiguous;
        switch (_shape)
        {
            case BufferShape.Contiguous:
                return _ordered.Slice(0, length);
            case BufferShape.Memory:
                return _ordered.Memory[..length];
            case BufferShape.Rented:
                return _rented!.Memory[..length];
            case BufferShape.OddArray:
                _offset = 1 + 2 * random.Below(200);
                return _array.AsMemory(_offset, length);
            case BufferShape.Vectors:
                _pieces.Cut(length, 0, wholeSectors: true, ref random);
                return IoBuffer.Vectors(_pieces.Vectors(_arena));
            case BufferShape.OddVectors:
                _pieces.Cut(length, 1 + random.Below(500), wholeSectors: false, ref random);
                return IoBuffer.Vectors(_pieces.Vectors(_arena));
            case BufferShape.Segments:
                _pieces.Cut(length, 1 + random.Below(500), wholeSectors: false, ref random);
                return IoBuffer.From(_pieces.Segments(_array));
            case BufferShape.Sequence:
                _pieces.Cut(length, 1 + random.Below(500), wholeSectors: false, ref random);
                return IoBuffer.From(_pieces.Sequence(_array));
            default:
                return IoBuffer.Pages(_pages, _offset);
        }
    }

    /// <summary>Puts the ordered bytes where the library takes them from.</summary>
    public void Scatter()
    {
        switch (_shape)
        {
            case BufferShape.Contiguous or BufferShape.Memory:
                break;
            case BufferShape.Rented:
                Ordered.CopyTo(_rented!.Memory.Span);
                break;
            case BufferShape.OddArray:
                Ordered.CopyTo(_array.AsSpan(_offset));
                break;
            case >= BufferShape.Pages:
                _pages.CopyFrom(Ordered, _offset);
                break;
            default:
                _pieces.Scatter(Ordered, Arena);
                break;
        }
    }

    /// <summary>Puts what the library has read in order.</summary>
    public void Gather()
    {
        switch (_shape)
        {
            case BufferShape.Contiguous or BufferShape.Memory:
                break;
            case BufferShape.Rented:
                _rented!.Memory.Span[.._length].CopyTo(Ordered);
                break;
            case BufferShape.OddArray:
                _array.AsSpan(_offset, _length).CopyTo(Ordered);
                break;
            case >= BufferShape.Pages:
                _pages.CopyTo(Ordered, _offset);
                break;
            default:
                _pieces.Gather(Arena, Ordered);
                break;
        }
    }

    /// <summary>Overwrites it all, so that nothing from before passes for what was read now.</summary>
    public void Spoil()
    {
        Ordered.Fill(Poison);
        Scatter();
    }

    /// <summary>Returns what was rented.</summary>
    public void Release()
    {
        _pages.Dispose();
        _pages = default;
        _rented?.Dispose();
        _rented = null;
    }

    public void Dispose()
    {
        Release();
        _ordered.Dispose();
        _arena.Dispose();
    }

    private bool TryRent(DmIoClient client, bool mayWait, ref SeededSequence random)
    {
        _offset = _shape switch
        {
            BufferShape.PagesFromTheSecondSector => IoRegion.SectorSize,
            BufferShape.PagesFromAnOddByte => 1 + 2 * random.Below(2000),
            _ => 0,
        };
        int count = (_length + _offset + PageList.PageSize - 1) / PageList.PageSize;
        try
        {
            if (_shape == BufferShape.Rented)
            {
                if (mayWait)
                    _rented = client.Pages.Rent(_length);
                return _rented is not null || client.Pages.TryRent(_length, out _rented);
            }

            if (mayWait)
                _pages = client.Pages.RentPages(count);
            return _pages.Count > 0 || client.Pages.TryRentPages(count, out _pages);
        }
        catch (InvalidOperationException exception) when (exception is not ObjectDisposedException)
        {
            // More than is reserved, or than still is since somebody gave a reservation back.
            return false;
        }
    }
}
