using System.Diagnostics;

namespace DmIoUring.Cli.Bench;

/// <summary>
/// The rest of a program, as the garbage collector sees it: a thread that allocates small objects at a steady rate and keeps none.
/// </summary>
internal sealed class GarbageMaker : IDisposable
{
    /// <summary>An object's header and length are 24 bytes of it.</summary>
    private const int ObjectBytes = 128;
    private const int HeaderBytes = 24;

    /// <summary>Kept from being optimized away, and by the next one from being kept.</summary>
    private static volatile byte[]? _last;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);

    /// <summary>What is later than that is not made up for: it would be a burst, not a rate.</summary>
    private static readonly TimeSpan MostLate = TimeSpan.FromMilliseconds(20);

    private readonly double _rate;
    private readonly Thread _thread;
    private long _bytes;
    private volatile bool _isOver;

    /// <summary>Starts the thread.</summary>
    /// <param name="rate">Bytes a second; what is reached may be less.</param>
    public GarbageMaker(long rate)
    {
        _rate = rate;
        _thread = new Thread(Work) { Name = "dmio garbage", IsBackground = true };
        _thread.Start();
    }

    /// <summary>What it has allocated so far.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
    }

    private void Work()
    {
        long before = Stopwatch.GetTimestamp();
        double due = 0;
        while (!_isOver)
        {
            long now = Stopwatch.GetTimestamp();
            double late = Math.Min(Stopwatch.GetElapsedTime(before, now).TotalSeconds, MostLate.TotalSeconds);
            before = now;
            due += late * _rate;
            long objects = (long)due / ObjectBytes;
            for (long i = 0; i < objects; i++)
                _last = new byte[ObjectBytes - HeaderBytes];
            due -= objects * ObjectBytes;
            Volatile.Write(ref _bytes, _bytes + (objects * ObjectBytes));
            Thread.Sleep(Step);
        }
    }
}
