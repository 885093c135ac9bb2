namespace DmIoUring.DeviceTests.Client;

/// <summary>Keeps a number of 4 KiB reads under way by submitting the next from each callback.</summary>
internal sealed class Resubmission : IDisposable
{
    private readonly DmIoClient _client;
    private readonly BlockDevice _device;
    private readonly IoBuffer[] _buffers;
    private readonly object[] _slots;
    private readonly IoNotify _notify;
    private readonly ManualResetEventSlim _done = new();
    private long _toSubmit;
    private int _underWay;

    public Resubmission(DmIoClient client, BlockDevice device, IoMemory memory, int depth)
    {
        _client = client;
        _device = device;
        _notify = Notify;
        _buffers = [.. Enumerable.Range(0, depth).Select(slot => memory.Slice(slot * 4096, 4096))];
        _slots = [.. Enumerable.Range(0, depth).Select(static slot => (object)slot)];
    }

    public int Failures { get; private set; }

    public void Go(long requests)
    {
        _toSubmit = requests - _slots.Length;
        _underWay = _slots.Length;
        _done.Reset();
        foreach (object slot in _slots)
            Submit(slot);
        _done.Wait();
    }

    public void Dispose() => _done.Dispose();

    private void Notify(IoResult result, object? context)
    {
        if (!result.IsSuccess)
            Failures++;
        if (Interlocked.Decrement(ref _toSubmit) >= 0)
            Submit(context!);
        else if (Interlocked.Decrement(ref _underWay) == 0)
            _done.Set();
    }

    private void Submit(object slot)
    {
        int index = (int)slot;
        _client.SubmitRead(new IoRegion(_device, index * 8L, 8), _buffers[index], _notify, slot);
    }
}
