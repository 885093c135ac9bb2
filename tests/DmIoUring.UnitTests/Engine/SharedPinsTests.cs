using DmIoUring.Engine;

namespace DmIoUring.UnitTests.Engine;

/// <summary>One pin of memory for all requests that are under way with it: allocated until the last of them is released, and no longer.</summary>
public sealed class SharedPinsTests
{
    private readonly SharedPins _pins = new();

    [Fact]
    public void RequestsWithTheSameMemory_ShareOnePin()
    {
        using IoMemory memory = IoMemory.Allocate(4096);

        int pin = _pins.TryAdd(memory);
        Assert.NotEqual(SharedPins.None, pin);
        Assert.Equal(pin, _pins.TryAdd(memory));
        Assert.Equal(1, memory.Pins);

        _pins.Release(pin);
        Assert.Equal(1, memory.Pins);
        _pins.Release(pin);
        Assert.Equal(0, memory.Pins);
    }

    [Fact]
    public void DisposedMemory_StaysForItsRequests_AndTakesNoMore()
    {
        IoMemory memory = IoMemory.Allocate(4096);
        int pin = _pins.TryAdd(memory);
        Assert.Equal(pin, _pins.TryAdd(memory));

        memory.Dispose();
        Assert.Equal(SharedPins.None, _pins.TryAdd(memory));
        _pins.Release(pin);
        Assert.Equal(1, memory.Pins);
        Assert.False(memory.IsFreed);
        _pins.Release(pin);
        Assert.True(memory.IsFreed);
        Assert.Equal(SharedPins.None, _pins.TryAdd(memory));
    }

    [Fact]
    public void MoreMemoryThanPins_IsLeftToTheRequestsOwnPins()
    {
        IoMemory[] memories = [.. Enumerable.Range(0, 5).Select(static _ => IoMemory.Allocate(4096))];
        int[] pins = [.. memories.Take(4).Select(_pins.TryAdd)];
        Assert.Equal([0, 1, 2, 3], pins.Order());
        Assert.Equal(SharedPins.None, _pins.TryAdd(memories[4]));
        Assert.Equal(0, memories[4].Pins);

        // Each is found again, whichever was used last.
        for (int i = 0; i < pins.Length; i++)
            Assert.Equal(pins[i], _pins.TryAdd(memories[i]));

        _pins.Release(pins[2]);
        _pins.Release(pins[2]);
        Assert.Equal(pins[2], _pins.TryAdd(memories[4]));
        _pins.Release(pins[2]);
        foreach (int pin in (int[])[pins[0], pins[1], pins[3]])
        {
            _pins.Release(pin);
            _pins.Release(pin);
        }

        Assert.All(memories, static memory => Assert.Equal(0, memory.Pins));
        Array.ForEach(memories, static memory => memory.Dispose());
    }
}
