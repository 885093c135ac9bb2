namespace DmIoUring.Samples;

/// <summary>Pages of a device in memory, the least recently used given up first. Used on the reactor's thread alone.</summary>
internal sealed class PageCache : IDisposable
{
    public const int PageBytes = 4096;
    private const int PageSectors = PageBytes / 512;

    private readonly IoReactor _reactor;
    private readonly BlockDevice _device;
    private readonly IoMemory _memory;
    private readonly Dictionary<long, Frame> _frames = [];
    private readonly LinkedList<Frame> _byUse = [];
    private readonly Queue<Frame> _free = [];
    private readonly Queue<(long Page, Reader Reader)> _waiting = [];

    public PageCache(IoReactor reactor, BlockDevice device, int capacity)
    {
        _reactor = reactor;
        _device = device;
        _memory = IoMemory.Allocate(capacity * PageBytes);
        for (int i = 0; i < capacity; i++)
            _free.Enqueue(new Frame(i));
    }

    /// <summary>Gets the content of a page, while it is called.</summary>
    public delegate void Reader(ReadOnlySpan<byte> content);

    public long Hits { get; private set; }

    public long Reads { get; private set; }

    public long Failures { get; private set; }

    /// <summary>Lookups that have not been served.</summary>
    public int Pending { get; private set; }

    /// <summary>Serves a lookup now, or in a later poll of the reactor.</summary>
    public void Get(long page, Reader reader)
    {
        if (_frames.TryGetValue(page, out Frame? frame))
        {
            if (frame.IsRead)
            {
                Hits++;
                _byUse.Remove(frame.Node!);
                reader(Content(frame));
                _byUse.AddLast(frame.Node!);
                return;
            }

            // Under way for another lookup.
            frame.Readers.Add(reader);
            Pending++;
            return;
        }

        Pending++;
        if (!TryRead(page, reader))
            _waiting.Enqueue((page, reader));
    }

    public void Dispose() => _memory.Dispose();

    private bool TryRead(long page, Reader reader)
    {
        if (!_free.TryDequeue(out Frame? frame))
        {
            // The least recently used page that is not being read.
            LinkedListNode<Frame>? oldest = _byUse.First;
            if (oldest is null)
                return false;
            frame = oldest.Value;
            _byUse.RemoveFirst();
            _frames.Remove(frame.Page);
        }

        frame.Page = page;
        frame.IsRead = false;
        frame.Readers.Add(reader);
        _frames.Add(page, frame);
        Reads++;
        _reactor.SubmitRead(new IoRegion(_device, page * PageSectors, PageSectors), _memory.Slice(frame.Index * PageBytes, PageBytes), Ended, frame);
        return true;
    }

    private void Ended(IoResult result, object? context)
    {
        Frame frame = (Frame)context!;

        // A reader may look up another page, even this one: the frame can't be given up before the last has returned.
        for (int i = 0; i < frame.Readers.Count; i++)
        {
            Pending--;
            if (result.IsSuccess)
                frame.Readers[i](Content(frame));
            else
                Failures++;
        }

        frame.Readers.Clear();
        frame.IsRead = result.IsSuccess;
        if (result.IsSuccess)
        {
            frame.Node = _byUse.AddLast(frame);
        }
        else
        {
            _frames.Remove(frame.Page);
            _free.Enqueue(frame);
        }

        while (_waiting.TryPeek(out (long Page, Reader Reader) next))
        {
            if (!_frames.ContainsKey(next.Page) && _free.Count == 0 && _byUse.Count == 0)
                return;
            _waiting.Dequeue();
            Pending--;
            Get(next.Page, next.Reader);
        }
    }

    private ReadOnlySpan<byte> Content(Frame frame) => _memory.GetSpan().Slice(frame.Index * PageBytes, PageBytes);

    /// <summary>A place for a page.</summary>
    private sealed class Frame(int index)
    {
        public int Index { get; } = index;

        public long Page { get; set; }

        public bool IsRead { get; set; }

        public LinkedListNode<Frame>? Node { get; set; }

        public List<Reader> Readers { get; } = [];
    }
}
