using System.Collections.Concurrent;
using System.Globalization;
using CsCheck;
using DmIoUring.Devices;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Devices;

/// <summary>Calls of many threads at once: what they answer, and what is there afterwards, must be that of the same calls one after the other in some order.</summary>
public sealed class DeviceTableParallelTests
{
    private const int Devices = 2;

    [Fact]
    public void TheOwnersLegs_AndDisposesOfOthers_AtOnce_AreAsIfOneAfterTheOther()
    {
        using ScratchFile file = ScratchFile.Create(4096);
        ConcurrentQueue<State> all = new();
        Gen.Const(() =>
        {
            State made = new(file.Path);
            all.Enqueue(made);
            return made;
        }).SampleParallel(
            [
                Gen.Int[0, Devices - 1].Operation<State>(static device => Named("Enter", device), static (state, device) => state.Enter(device)),
                Gen.Int[0, Devices - 1].Operation<State>(static device => Named("Exit", device), static (state, device) => state.Exit(device)),
                Gen.Int[0, Devices - 1].Operation<State>(static device => Named("Dispose", device), static (state, device) => state.Dispose(device)),
                Gen.Operation<State>("Turn", static state => state.Turn()),
                Gen.Operation<State>("Ask", static state => state.Ask()),
            ],
            equal: static (left, right) => string.Equals(left.ToString(), right.ToString(), StringComparison.Ordinal),
            print: static state => state.ToString(),
            maxSequentialOperations: 3,
            maxParallelOperations: 5,
            iter: 200);

        // Whatever came before: the table and every device closed, and all legs ended, no descriptor is left.
        foreach (State state in all)
            state.End();
        Assert.Equal(0, OpenDescriptors.Of(file.Path));
    }

    private static string Named(string call, int device) => string.Create(CultureInfo.InvariantCulture, $"{call}({device})");

    private sealed class State
    {
        private readonly Lock _owner = new();
        private readonly DeviceTable _table;
        private readonly BlockDevice[] _devices;
        private readonly Stack<int>[] _legs;
        private readonly ConcurrentQueue<string> _answers = new();
        private readonly ConcurrentQueue<Task> _asked = new();

        public State(string path)
        {
            // Who wakes the owner is the owner for a turn.
            _table = new DeviceTable { WakeOwner = Turn };
            _devices = [.. Enumerable.Range(0, Devices).Select(_ => BlockDevice.Open(path, new BlockDeviceOptions { Direct = false }))];
            _legs = [.. _devices.Select(static _ => new Stack<int>())];
        }

        public void Enter(int device)
        {
            lock (_owner)
            {
                try
                {
                    int slot = _table.Enter(_devices[device]);
                    _legs[device].Push(slot);
                    _answers.Enqueue(Named(slot == DeviceTable.NoSlot ? "counted" : "held", device));
                }
                catch (ObjectDisposedException)
                {
                    _answers.Enqueue(Named("refused", device));
                }
            }
        }

        public void Exit(int device)
        {
            lock (_owner)
            {
                if (!_legs[device].TryPop(out int slot))
                    return;
                if (slot == DeviceTable.NoSlot)
                    _devices[device].Release();
                else
                    _table.Exit(slot);
            }
        }

        public void Dispose(int device) => _devices[device].Dispose();

        public void Turn()
        {
            lock (_owner)
                _table.ReleaseDisposed();
        }

        public void Ask() => _asked.Enqueue(_table.ReleaseDisposedAsync());

        public void End()
        {
            for (int device = 0; device < Devices; device++)
            {
                while (_legs[device].Count > 0)
                    Exit(device);
                Dispose(device);
            }

            _table.Close();
        }

        /// <summary>
        /// A device that was disposed is held while it has legs, and no longer than to the owner's next turn after those: each Dispose and each question is one.
        /// </summary>
        public override string ToString()
        {
            IEnumerable<string> devices = _devices.Select((device, i) => string.Create(
                CultureInfo.InvariantCulture, $"device {i}: {_legs[i].Count} legs, disposed {device.IsDisposed}, held {HoldersOf(device)}"));
            return $"{string.Join("; ", devices)}; {string.Join(", ", _answers.Order(StringComparer.Ordinal))}; " +
                $"{_asked.Count(static task => task.IsCompleted)} of {_asked.Count} answered; to do: {_table.HasReleaseRequests}";
        }

        private int HoldersOf(BlockDevice device) => Enumerable.Range(0, DeviceTable.Slots).Count(slot => _table[slot].Device == device);
    }
}
