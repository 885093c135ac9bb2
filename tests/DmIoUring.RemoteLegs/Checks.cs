using System.Diagnostics;
using System.Globalization;

namespace DmIoUring.RemoteLegs;

/// <summary>One line a check, and the exit code.</summary>
internal sealed class Checks
{
    /// <summary>A hang guard for one check; what is waited for in one takes a third of it at most, and a mirror's resync half.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private int _passed;
    private int _failed;
    private int _notOffered;

    /// <summary>Runs a check on a thread of its own, so that one that hangs is a failure and not the end.</summary>
    /// <param name="name">What must hold.</param>
    /// <param name="check">Does it; what it returns was seen on the way, and is printed.</param>
    public void Run(string name, Func<string> check)
    {
        long start = Stopwatch.GetTimestamp();
        Task<string> task = Task.Factory.StartNew(check, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        string seen;
        try
        {
            seen = task.Wait(Limit) ? task.Result : throw new CheckException($"it has not ended within {Limit.TotalSeconds} s");
            _passed++;
            Print("passed", name, start, seen);
        }
#pragma warning disable CA1031 // Whatever it is, the check has failed, and the others follow.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Exception cause = exception.GetBaseException();
            _failed++;
            Print("FAILED", name, start, cause is CheckException ? cause.Message : cause.ToString());
        }
    }

    public void NotOffered(string name, string reason)
    {
        _notOffered++;
        Console.WriteLine($"not offered  {name}: {reason}");
    }

    public int Close(bool isWanted)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_passed} passed, {_failed} failed"));
        return _failed > 0 ? 1 : isWanted && _notOffered > 0 ? 2 : 0;
    }

    private static void Print(string outcome, string name, long start, string seen) => Console.WriteLine(
        string.Create(CultureInfo.InvariantCulture, $"{outcome}  {name} ({Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s){(seen.Length > 0 ? ": " : "")}{seen}"));
}
