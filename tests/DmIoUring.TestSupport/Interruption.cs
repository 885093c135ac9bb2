using System.Reflection;
using DmIoUring.Threading;

namespace DmIoUring.TestSupport;

/// <summary>Interrupts a thread while something that it does is held up.</summary>
internal static class Interruption
{
    /// <summary>
    /// Does <c>work</c> on a thread of its own after <c>before</c>, holds it up, interrupts it while it waits, and lets it <c>end</c>: what
    /// it threw, and whether the interrupt was still there afterwards.
    /// </summary>
    public static (Exception? Thrown, bool IsKept) During(Action work, Action hold, Action end, Action? before = null)
    {
        Exception? thrown = null;
        bool isKept = false;
        bool isReady = false;
        bool isHeld = false;
        bool isWorking = false;
        Thread thread = new(() =>
        {
            thrown = Record.Exception(() =>
            {
                before?.Invoke();
                Volatile.Write(ref isReady, true);
                while (!Volatile.Read(ref isHeld))
                    Thread.Yield();
                Volatile.Write(ref isWorking, true);
                work();
            });
            isKept = Record.Exception(static () => Thread.Sleep(0)) is ThreadInterruptedException;
        })
        { IsBackground = true };
        thread.Start();
        Until(() => Volatile.Read(ref isReady) || !thread.IsAlive);
        hold();
        Volatile.Write(ref isHeld, true);
        Until(() => (Volatile.Read(ref isWorking) && (thread.ThreadState & ThreadState.WaitSleepJoin) != 0) || !thread.IsAlive);
        Assert.True(thread.IsAlive, $"It did not wait: {thrown}");
        thread.Interrupt();
        end();
        Assert.True(thread.Join(Notification.Limit), "It never came back.");
        return (thrown, isKept);
    }

    /// <summary>The same while a lock is held.</summary>
    public static (Exception? Thrown, bool IsKept) UnderLock(object gate, Action work, Action? before = null, Action? afterwards = null) => During(
        work,
        () => Enter(gate),
        () =>
        {
            Exit(gate);
            afterwards?.Invoke();
        },
        before);

    /// <summary>Enters one of the library's locks. Its own scope is a ref struct and can't be kept.</summary>
    public static void Enter(object gate)
    {
        if (Inner(gate) is Lock held)
            held.Enter();
        else
            Monitor.Enter(Inner(gate));
    }

    /// <summary>Leaves it.</summary>
    public static void Exit(object gate)
    {
        if (Inner(gate) is Lock held)
            held.Exit();
        else
            Monitor.Exit(Inner(gate));
    }

    /// <summary>A lock deep inside of something.</summary>
    public static object LockOf(object owner, params ReadOnlySpan<string> fields)
    {
        object found = owner;
        foreach (string field in fields)
            found = FieldOf(found.GetType(), field).GetValue(found)!;
        Assert.True(found is UninterruptedLock or UninterruptedMonitor);
        return found;
    }

    public static void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Notification.Limit));

    private static object Inner(object gate) => gate.GetType().GetFields(BindingFlags.NonPublic | BindingFlags.Instance).Single().GetValue(gate)!;

    private static FieldInfo FieldOf(Type type, string name)
    {
        const BindingFlags any = BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        for (Type? at = type; at is not null; at = at.BaseType)
        {
            if (at.GetField(name, any) is { } field)
                return field;
        }

        throw new MissingFieldException(type.FullName, name);
    }
}
