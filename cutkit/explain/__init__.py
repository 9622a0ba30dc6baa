"""Why a marker is as long as it is: what each rule of the cloth costs.

::

    rules     the rules that hold in a marker, and the same order without one of them
    prices    the order nested again without each rule: cloth saved, and whether that is more than noise
"""
