using System.Runtime.InteropServices;
using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>What the host refuses to this process is not the device's failure; what can be done without it is done.</summary>
[Collection(AloneCollection.Name)]
public sealed partial class UnprivilegedTests
{
    [Fact]
    public void WithoutThePriority_ARequestFailsForTheHost_InEveryWay()
    {
        Require.That(Environment.IsPrivilegedProcess ? null : "only root has capabilities to give up");
        ExplicitTest.AssertPasses(["env"], typeof(UnprivilegedTests), nameof(RunWithoutThePriority));
    }

    /// <summary>Meaningful only in the process that the test above starts.</summary>
    [Fact(Explicit = true)]
    public void RunWithoutThePriority()
    {
        IoRequestOptions realTime = new(Priority: new IoPriority(IoPriorityClass.RealTime, 3));
        IoRequestOptions bestEffort = new(Priority: new IoPriority(IoPriorityClass.BestEffort, 3));
        using TestDevice first = new();
        using TestDevice second = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        using IoMemory read = IoMemory.Allocate(4096);
        using Unprivileged unprivileged = new();
        foreach (CallWay way in Ways.Calls)
        {
            using ClientUnderTest client = new(way);
            IoRegion[] both = [first.Region(0, 8), second.Region(8, 8)];
            foreach (bool warm in new[] { false, true })
            {
                if (warm)
                    client.Warm(first.Device);
                AssertRefused(way, client.Write(first.Region(0, 8), data, realTime), 0b1);
                AssertRefused(way, client.Write(both, data, realTime), 0b11);
                AssertRefused(way, client.Read(second.Region(8, 8), read, realTime), 0b1);
                Assert.Equal(default, client.Write(both, data, bestEffort));
                Assert.Equal(default, client.Write(both, data));
            }
        }

        static void AssertRefused(CallWay way, IoResult result, ulong bits) =>
            Assert.Equal((way, bits, 0ul, Errno.EPERM, IoFailureCause.Host), (way, result.Failed.Value, result.Unsupported.Value, result.First.Errno, result.First.Cause));
    }

    /// <summary>There the kernel starts no worker thread, and io_uring cancels what needs one; so does the runtime start none.</summary>
    [Fact]
    public void AtTheLimitOfProcesses_EveryOperationEndsWell_InEveryWay()
    {
        Require.That(Environment.IsPrivilegedProcess ? null : "only root can become somebody else");

        // The runtime ends a process whose thread pool is refused a thread: so it has all of them before, and needs none to compile on.
        ExplicitTest.AssertPasses(
            [
                "env", "DOTNET_TieredCompilation=0", "DOTNET_ThreadPool_ForceMinWorkerThreads=4", "DOTNET_ThreadPool_ForceMaxWorkerThreads=4",
                "DOTNET_ThreadPool_ThreadTimeoutMs=-1",
            ],
            typeof(UnprivilegedTests),
            nameof(RunAtTheLimitOfProcesses));
    }

    /// <summary>Meaningful only in the process that the test above starts.</summary>
    [Fact(Explicit = true)]
    public void RunAtTheLimitOfProcesses()
    {
        using TestDevice loop = new(size: 16 << 20);
        using TestDevice file = new(DeviceKind.File, size: 16 << 20);
        using IoMemory small = Pattern.Memory(4096);
        using IoMemory large = Pattern.Memory(4 << 20, seed: 2);
        CallWay[] ways = [.. Ways.CallsAsIssued];
        List<ClientUnderTest> clients = [];
        try
        {
            foreach (CallWay way in ways)
            {
                ClientUnderTest client = new(way);
                clients.Add(client);
                client.Warm(loop.Device);

                // The library's threads must be there, the kernel's must not: it keeps the last one for each thread that submits.
                if (way.IsOnWorkers())
                    Assert.Equal(default, client.Write([loop.Region(0, 8), file.Region(0, 8)], small));
            }

            StartThreadPool();
            using (new Unprivileged())
            {
                Unprivileged.LimitProcesses();
                for (int i = 0; i < ways.Length; i++)
                    AssertEverythingEndsWell(ways[i], clients[i], loop, file, small, large);
            }
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }
    }

    /// <summary>Has the thread pool start all of its threads; one of them may be this.</summary>
    private static void StartThreadPool()
    {
        using ManualResetEventSlim all = new();
        ThreadPool.GetMaxThreads(out int most, out _);
        Task[] tasks = [.. Enumerable.Range(0, most).Select(_ => Task.Run(() => all.Wait(Notification.Limit)))];
        Assert.True(SpinWait.SpinUntil(() => ThreadPool.ThreadCount == most, Notification.Limit), $"The thread pool has {ThreadPool.ThreadCount} threads of {most}.");
        all.Set();
        Task.WaitAll(tasks);
    }

    private static void AssertEverythingEndsWell(CallWay way, ClientUnderTest client, TestDevice loop, TestDevice file, IoMemory small, IoMemory large)
    {
        loop.SetMedium(0, Pattern.Bytes(32_768, seed: 9));
        file.SetMedium(0, Pattern.Bytes(32_768, seed: 9));
        IoRegion[] both = [loop.Region(0, 16), file.Region(0, 16)];
        AssertWell("zeroes", client.Maintain(IoOperation.WriteZeroes, both));
        AssertWell("discard", client.Maintain(IoOperation.Discard, loop.Region(16, 16), file.Region(16, 16)));
        AssertWell("FUA", client.Write([loop.Region(32, 8), file.Region(32, 8)], small, IoFlags.Fua));
        AssertWell("FUA of one", client.Write(loop.Region(40, 8), small, IoFlags.Fua));
        AssertWell("preflush", client.Write([loop.Region(48, 8), file.Region(48, 8)], small, IoFlags.Preflush));
        AssertWell("large", client.Write([loop.Region(8_192, 8_192), file.Region(8_192, 8_192)], large));
        AssertWell("flush", client.Maintain(IoOperation.Flush, both));
        foreach (TestDevice device in new[] { loop, file })
        {
            device.AssertHolds(0, new byte[8_192]);
            device.AssertHolds(32, small.GetSpan());
            device.AssertHolds(48, small.GetSpan());
            device.AssertHolds(8_192, large.GetSpan());
        }

        loop.AssertHolds(40, small.GetSpan());

        // Otherwise nothing was cancelled, and this says nothing of the limit.
        Assert.True(way.IsOnWorkers() || client.Retries > 0, $"{way}: the kernel has cancelled nothing.");

        void AssertWell(string what, IoResult result) => Assert.True(result == default, $"{way}, {what}: {result}");
    }

    /// <summary>The whole process is somebody else, without capabilities, until it is disposed.</summary>
    private sealed partial class Unprivileged : IDisposable
    {
        /// <summary>Nobody else's, so that a limit of processes counts the threads of this one alone.</summary>
        private const uint User = 2_718_281;

        private const uint Unchanged = uint.MaxValue;

        /// <summary>Of include/uapi/asm-generic/resource.h.</summary>
        private const int RLIMIT_NPROC = 6;

        public Unprivileged() => Assert.Equal(0, SetUser(User, User, 0));

        /// <summary>No thread is started any more.</summary>
        public static void LimitProcesses()
        {
            Rlimit one = new(1, 1);
            Assert.Equal(0, LimitResource(0, RLIMIT_NPROC, one, nint.Zero));
            Assert.Throws<OutOfMemoryException>(static () => new Thread(static () => { }).Start());
        }

        public void Dispose()
        {
            Assert.Equal(0, SetUser(Unchanged, 0, Unchanged));
            Assert.Equal(0, SetUser(0, 0, 0));
        }

        [LibraryImport("libc", EntryPoint = "setresuid")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static partial int SetUser(uint real, uint effective, uint saved);

        [LibraryImport("libc", EntryPoint = "prlimit")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static partial int LimitResource(int process, int resource, in Rlimit limit, nint before);

        private readonly record struct Rlimit(ulong Current, ulong Maximum);
    }
}
